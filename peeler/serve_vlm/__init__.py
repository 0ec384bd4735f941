"""A vision-language model of our own on this machine: the embedded analyst behind the two common wire formats.

It is for tests, demonstrations and work without a network. It listens on 127.0.0.1 only, opens no other address, and
can be told to fail in every way that a real provider does.
"""
