"""Drawn pictures with their true stacks: for the test set, for training and for tests.

``scene(family, style, seed)`` draws one; ``testset.draw_testset`` the committed set; ``render.true_layers`` takes an
SVG apart.
"""
