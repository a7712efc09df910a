# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long and how much to measure."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    seconds: float = 3
    """Of a transfer, an echo test or a test of connections, on a path without delay."""
    wan_seconds: float = 10
    """Of a transfer on a path with delay, so that its start can be told from its steady part."""
    warm_seconds: float = 1
    """Of a transfer before it counts."""
    udp_step_seconds: float = 0.7
    """Of each rate tried."""
    udp_seconds: float = 60
    """Of datagrams at a steady rate over a path that loses some."""
    held: int = 1000
    """Connections, and flows, that are held for their memory."""
    check: bool = False
    """Whether receivers compare every byte with what was sent, which takes time of its own."""


SHORT = Settings(0.4, 0.8, 0.2, 0.1, 1, 100, True)
"""To see that everything can be measured; the figures mean nothing."""
