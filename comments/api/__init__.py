"""The same rules as JSON, with a document that describes them. Imports all but the widget."""
