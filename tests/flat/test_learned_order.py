import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from peeler.errors import ConfigError, StoreError
from peeler.flat.cues import LEARNED, REPEATED, SIDE, WEIGHTS, Measured
from peeler.flat.learned_order import OrderNet, order_net, read_order_net, verdicts, write_order_net
from peeler.flat.meetings import find_meetings, painted_last
from peeler.flat.survey import survey
from tests.flat.figures import circle, drawn, rect

RED, BLUE, GREEN = "#c83214", "#1450c8", "#28a050"
DISCS = drawn(circle(40, 64, 30, RED), circle(80, 64, 30, BLUE), rect(50, 20, 70, 120, GREEN), size=128)


INKS = [0, 1, 0, 1, 0, 2]


def net(seed: int = 0, networks: int = 3) -> OrderNet:
    random = np.random.default_rng(seed)
    sizes = [2 * len(SIDE) + 1, 8, 8, 1]
    layers = tuple(
        (random.normal(size=(networks, after, before)), random.normal(size=(networks, after)))
        for before, after in zip(sizes, sizes[1:], strict=False)
    )
    spread = 0.5 + random.random(len(SIDE) + 1)
    return OrderNet(random.normal(size=len(SIDE) + 1), spread, layers, np.array([0.2, 0.5, 1.1]))


def pairs(seed: int = 1, count: int = 7) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, 2, len(SIDE))), random.normal(size=count), random.normal(size=count)


def measured(cues: NDArray[np.float64]) -> Measured:
    return Measured(3, 5, cues, np.random.default_rng(2).normal(size=(2, len(SIDE))), 2.0)


def test_a_pair_and_its_swap_say_the_same() -> None:
    sides, contacts, rules = pairs()
    forward, back = net().log_odds(sides, contacts, rules), net().log_odds(sides[:, ::-1], contacts, -rules)
    assert forward == pytest.approx(-back)
    assert np.abs(forward).min() > 0


def test_a_pair_is_judged_the_same_alone_and_among_others() -> None:
    sides, contacts, rules = pairs()
    together = net().log_odds(sides, contacts, rules)
    alone = [net().log_odds(sides[[n]], contacts[[n]], rules[[n]])[0] for n in range(len(rules))]
    assert together == pytest.approx(np.array(alone))


def test_weights_come_back_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    write_order_net(net(), file, {"card": "{}"})
    assert read_order_net(file).log_odds(*pairs()) == pytest.approx(net().log_odds(*pairs()), rel=1e-3, abs=1e-4)


def test_weights_for_other_figures_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    other = net()
    write_order_net(OrderNet(other.mean[1:], other.spread[1:], other.layers, other.trust), file, {})
    with pytest.raises(ConfigError, match=f"made for {len(SIDE) - 1} figures"):
        read_order_net(file)


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    for file in (broken, tmp_path / "none.safetensors"):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_order_net(file)
    with pytest.raises(StoreError, match="cannot be written"):
        write_order_net(net(), tmp_path / "no folder" / "net.safetensors", {})


def test_a_network_has_a_say_beside_the_rules() -> None:
    seen = survey(DISCS)
    last = painted_last(find_meetings(DISCS, seen.palette, seen.regions, seen.background))
    by_rules, judged = (verdicts(seen.pairs, seen.regions.inks, judge, last) for judge in (None, net()))
    assert last and seen.evidence == by_rules != verdicts(seen.pairs, seen.regions.inks, None)
    assert [item.weight for item in judged] != [item.weight for item in by_rules]
    assert all(item.weight >= 0 for item in judged)
    assert survey(DISCS, net()).evidence == judged


def test_outlines_are_left_to_the_rules() -> None:
    outline, other = np.eye(len(WEIGHTS))[-1], np.eye(len(WEIGHTS))[0]
    for cues, is_left in ((outline, True), (other, False)):
        by_rules, judged = (verdicts([measured(cues)], INKS, judge)[0] for judge in (None, net()))
        assert (by_rules == judged) == is_left


def test_what_no_rule_speaks_for_is_said_to_be_learned() -> None:
    small = 1e-3 * np.eye(len(WEIGHTS))[0]
    found = [verdicts([measured(sign * small)], INKS, net())[0] for sign in (1, -1)]
    assert {item.reason for item in found} == {LEARNED, list(WEIGHTS)[0]}
    assert (found[0].above, found[0].below) == (found[1].above, found[1].below)


def test_what_only_likes_speak_for_is_said_to_be_repeated() -> None:
    plain, doubtful = (size * np.eye(len(WEIGHTS))[0] for size in (3.0, -0.1))
    pairs = [Measured(2 * n, 2 * n + 1, plain if n else doubtful, np.zeros((2, len(SIDE))), 2.0) for n in range(5)]
    found = verdicts(pairs, [0, 1] * 5, None)
    assert [item.above for item in found] == [0, 2, 4, 6, 8]
    assert [item.reason for item in found] == [REPEATED] + [list(WEIGHTS)[0]] * 4


def test_no_pairs_have_no_verdicts() -> None:
    assert verdicts([], [], net()) == () == verdicts([], [], None)


def test_the_network_of_the_package_fits_its_figures_and_needs_no_torch() -> None:
    assert order_net().mean.shape == (len(SIDE) + 1,)
    code = "import sys; from peeler.flat.learned_order import order_net; order_net(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
