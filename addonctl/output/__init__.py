"""What the user gets to see: answers on stdout, everything else on stderr.

The only package that prints. `Sink` takes records, bytes and words from a command; FORMATS names
the functions that turn records into text.
"""

from addonctl.output.formats import FORMATS, OutputSettings
from addonctl.output.sink import Sink

__all__ = ["FORMATS", "OutputSettings", "Sink"]
