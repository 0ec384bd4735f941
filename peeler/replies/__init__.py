"""What a vision-language model answers: the kinds of reply, how they are read, and what they claim in pixels."""

from peeler.replies.decoding import Claim, ClaimedEdge, Claims, Dropped, claims
from peeler.replies.models import REPLIES, CheckReply, GraphReply, LocaliseReply, schema_of
from peeler.replies.parsing import read_reply

__all__ = [
    "REPLIES",
    "CheckReply",
    "Claim",
    "ClaimedEdge",
    "Claims",
    "Dropped",
    "GraphReply",
    "LocaliseReply",
    "claims",
    "read_reply",
    "schema_of",
]
