"""Coming in by a service that knows who one is (OpenID Connect), any number of them."""
