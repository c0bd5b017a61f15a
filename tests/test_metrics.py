"""What a process tells of itself stays as short as what it can do, whatever is asked of it."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_methods_that_somebody_invents_are_told_as_one(client: FlaskClient) -> None:
    def requests() -> set[str]:
        lines = client.get("/metrics").text.splitlines()
        told = [line for line in lines if line.startswith("comments_requests_total{")]
        return {line.rpartition(" ")[0] for line in told}

    requests()
    before = requests()
    for number in range(50):
        assert client.open("/livez", method=f"INVENTED{number}").status_code == 405
    (fresh,) = requests() - before
    assert 'method="other",route="none",status="405"' in fresh
