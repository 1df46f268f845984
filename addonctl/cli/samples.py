"""SIDs of the sandbox's sample data, so that the examples in help and manual work as they stand."""

CALL = "RE73640dced2490fa811f54a87139210ee"
TRANSCRIPT = f"{CALL} XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = f"{TRANSCRIPT} XH490b86aebe891b7656eebf1333bc7523"
CONFERENCE = "RE23840fa2d808dc19f70bedc90fd14853"
