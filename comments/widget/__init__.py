"""The face on publishers' pages: the embed script and what it asks for. Imports all but the API."""
