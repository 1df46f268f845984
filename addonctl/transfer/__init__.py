"""One payload to disk: what it is called and where it may lie (folder), how its bytes come
(source), and how it is kept whole until it has its name (disk, fetch).
"""
