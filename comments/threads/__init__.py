"""Talk: articles, comments, their revisions and the decisions about them."""
