"""Second factors: codes of an app, recovery codes, passkeys; and a fresh proof of who one is."""
