"""One payload to disk: what it is called (naming), where it may lie (folder), how its bytes come
(source), and how it is kept whole until it has its name (part, fetch).
"""
