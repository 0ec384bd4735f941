"""The inks of the house and how they are mixed."""

import colorsys

RED, TOMATO, CORAL, MAROON = "#e5343d", "#f2554a", "#ff7b6b", "#9c2338"
ORANGE, AMBER, YELLOW, LEMON = "#f68b1f", "#ffb02e", "#ffcc4d", "#ffe27a"
LIME, GREEN, LEAF, FOREST = "#a6d04c", "#62b558", "#3f9b57", "#25694a"
MINT, TEAL, PINE = "#7fdcc0", "#1fa699", "#0f6b6e"
ICE, SKY, AZURE, BLUE, NAVY = "#c3e8fb", "#62bff2", "#3498e0", "#2a66c4", "#26396b"
LAVENDER, VIOLET, PURPLE = "#c3b1f2", "#8e67d6", "#5c3d99"
BLUSH, PINK, ROSE, PLUM = "#ffc6d3", "#f58db2", "#e2507f", "#93305f"
CREAM, SAND, TAN, CARAMEL, BROWN, COCOA = "#fff0d4", "#f5d6a1", "#dba463", "#bd7a41", "#8d5a3b", "#5a3829"
SNOW, PEARL, SILVER, STEEL, SLATE, CHARCOAL, NIGHT = (
    "#f5f8fa",
    "#e4ebf0",
    "#c6d2db",
    "#94a5b3",
    "#5d6f7e",
    "#36444f",
    "#222c35",
)
WHITE = "#ffffff"

BRIGHT = (RED, TOMATO, ORANGE, AMBER, GREEN, TEAL, SKY, AZURE, BLUE, VIOLET, PINK, ROSE)
DEEP = (MAROON, FOREST, PINE, NAVY, BLUE, PURPLE, PLUM, TEAL, SLATE)
PASTEL = (ICE, MINT, LAVENDER, BLUSH, LEMON, SAND, "#d3ecb8", "#ffd9b8")
SKIN = ("#fbd8b4", "#f2bf8e", "#d99f6c", "#b37a4c", "#8a5837", "#6b4229")
HAIR = ("#2d2a32", "#5a3829", "#8d5a3b", "#d9952e", "#f2c14e", "#b8452a", "#cfd6dc")


def channels(ink: str) -> tuple[int, int, int]:
    """0–255 each."""
    return int(ink[1:3], 16), int(ink[3:5], 16), int(ink[5:7], 16)


def mix(one: str, two: str, share: float) -> str:
    """``share`` (0–1) of the second ink in the first."""
    blend = (round(a + (b - a) * share) for a, b in zip(channels(one), channels(two), strict=True))
    return "#" + "".join(f"{value:02x}" for value in blend)


def darker(ink: str, amount: float = 0.16) -> str:
    """A shade: towards a deep violet blue, as shadows of drawn art are, never towards grey."""
    return mix(_saturated(ink, 1 + amount / 2), "#2a1f4a", amount)


def lighter(ink: str, amount: float = 0.3) -> str:
    """A tint: towards a warm white."""
    return mix(ink, "#fffdf5", amount)


def lightness(ink: str) -> float:
    """Perceived, 0–1 (Rec. 601 luma)."""
    red, green, blue = channels(ink)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def difference(one: str, two: str) -> int:
    """The largest difference of a channel, 0–255."""
    return max(abs(a - b) for a, b in zip(channels(one), channels(two), strict=True))


def _saturated(ink: str, factor: float) -> str:
    hue, light, saturation = colorsys.rgb_to_hls(*(value / 255 for value in channels(ink)))
    parts = colorsys.hls_to_rgb(hue, light, min(1.0, saturation * factor))
    return "#" + "".join(f"{round(value * 255):02x}" for value in parts)
