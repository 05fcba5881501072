"""Each test has a clean database of its own: drydock test -- pytest"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

import psycopg2
import pytest

from app import count_visit

# What the template is made of; another text makes another template.
SCHEMA = "CREATE TABLE visits (at timestamptz NOT NULL DEFAULT now())"
TEMPLATE = "visits-1"


def ask(method, path, **form):
    """A request to IntegreSQL's interface, which drydock speaks while the tests run."""
    address = f"{os.environ['INTEGRESQL_CLIENT_BASE_URL']}/{os.environ['INTEGRESQL_CLIENT_API_VERSION']}/templates{path}"
    body = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(address, body, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")


def url(answer):
    config = answer["database"]["config"]
    return "postgres://{username}:{password}@{host}:{port}/{database}".format(**config)


@pytest.fixture(scope="session")
def template():
    try:
        made = ask("POST", "", hash=TEMPLATE)
    except urllib.error.HTTPError as error:
        if error.code != 423:  # another process of the same run makes it
            raise
        return TEMPLATE
    connection = psycopg2.connect(url(made))
    with connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA)
    connection.close()
    ask("PUT", f"/{TEMPLATE}")
    return TEMPLATE


@pytest.fixture
def database(template):
    answer = ask("GET", f"/{template}/tests")
    yield url(answer)
    ask("POST", f"/{template}/tests/{answer['id']}/recreate")


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_counts_from_one(database, runs):
    assert [count_visit(database) for _ in range(runs)] == list(range(1, runs + 1))
