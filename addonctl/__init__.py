"""addonctl: inspect, save and delete the results of Twilio's recording add-ons."""

# The one place that knows the version: reading it back from the installed
# package's metadata would cost every run 50 ms.
__version__ = "0.1.0"
