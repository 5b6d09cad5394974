"""No chart offers to send itself anywhere.

By default plotly shows on every chart a button that uploads the figure, and with it every number
behind it, to the maker's own service. Here every renderer gets settings without that button,
without an address to send to, and without typesetting formulas that stand in data.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import plotly.io as pio

# plotly keeps its own hand on a dictionary it is given: pass `chart_config()`, a fresh copy.
CONFIG: Final[dict[str, Any]] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "typesetMath": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "chart"},
}


def chart_config() -> dict[str, Any]:
    """The plotly settings for every place that writes a chart: a fresh copy of `CONFIG`.

    >>> chart_config()["showSendToCloud"], chart_config()["plotlyServerURL"]
    (False, '')
    """
    return {
        key: value.copy() if isinstance(value, (dict, list)) else value
        for key, value in CONFIG.items()
    }


def keep_charts_at_home() -> None:
    """Give every plotly renderer the house's settings, so that no chart shows an upload button.

    Inside a Jupyter kernel the default renderer becomes `plotly_mimetype` alone, which stores the
    figure as JSON and no script; elsewhere the default stays what it was.

    >>> keep_charts_at_home()
    >>> pio.renderers["plotly_mimetype"].config["showSendToCloud"]
    False
    """
    for name in pio.renderers:
        renderer = pio.renderers[name]
        if hasattr(renderer, "config"):
            renderer.config = {**(renderer.config or {}), **chart_config()}
    if _in_jupyter_kernel():
        pio.renderers.default = "plotly_mimetype"


def _in_jupyter_kernel() -> bool:
    # Whoever runs in a kernel has imported IPython already; nobody else should pay for it.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
