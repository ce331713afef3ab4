"""Which share of the calls is enforced: the same for the same caller, and never drawn again."""

from __future__ import annotations


def is_enforced(percent: float, tenant: str, tool: str, who: str) -> bool:
    """Whether calls of this caller are in the share. A larger share contains every smaller one."""
    import hashlib

    # Who has a name that nobody can write down is in the share, or is not, all the same.
    text = "\x00".join(("placet-sample-v1", tenant, tool, who))
    number = int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8], "big")
    return (number % 10_000) < percent * 100
