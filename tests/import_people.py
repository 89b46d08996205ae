#!/usr/bin/env python3
"""Imports a real list: invites many people with 8 requests at once, reads their mails, accepts every invite over HTTP
and signs in as each of them. Nobody may be lost, mailed twice or refused.

    pip install -r tests/import_people.requirements.txt
    cargo build --release -p roster-local
    python3 tests/import_people.py [--people 1000] [--roster target/release/roster]
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import tempfile
import threading
import time
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from faker import Faker

PARALLEL = 8
LOCALES = """ar_AA bn_BD cs_CZ de_DE el_GR en_US es_MX fa_IR fr_FR he_IL hi_IN hu_HU hy_AM is_IS ja_JP ka_GE ko_KR
    pl_PL pt_BR ru_RU sv_SE ta_IN th_TH tr_TR uk_UA vi_VN zh_CN zh_TW""".split()
ODD_ADDRESSES = [  # Valid all of them (RFC 5321, 5322 and 6531).
    "{n}+newsletter@example.com", "a.b.c.{n}@sub.domain.example.com", "o'brien.{n}@example.ie", "{n}@example.museum",
    "UPPER.{n}@EXAMPLE.COM", "!#$%&'*+-/=?^_`{{|}}~.{n}@example.com", "_{n}_@example.com", "x{n}@xn--mnchen-3ya.example",
    "jörg{n}@münchen.example", "用户{n}@例子.广告", "δοκιμή{n}@παράδειγμα.δοκιμή", "{n}@a-b.example", "--{n}@example.org",
    "l" * 55 + "{n}@example.com", "{n}@" + "d" * 60 + "." + "e" * 60 + ".example",
]  # fmt: skip


class Api:
    """Requests over a connection for each thread."""

    def __init__(self, address):
        self.address = address
        self.threads = threading.local()

    def ask(self, method, path, body=None, token=None):
        """The status, the body and the seconds that it took."""
        connection, used = getattr(self.threads, "connection", (None, 0))
        if connection is None or time.monotonic() - used > 5:  # Idle ones are closed after a while.
            connection = http.client.HTTPConnection(self.address, timeout=60)
        self.threads.connection = connection, time.monotonic()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        began = time.perf_counter()
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None, time.perf_counter() - began

    def get_all(self, path, token):
        """Every item of a list."""
        items, cursor = [], None
        while True:
            page = f"{path}?limit=100" + (f"&cursor={quote(cursor)}" if cursor else "")
            status, body, _ = self.ask("GET", page, token=token)
            assert status == 200, body
            items += body["items"]
            cursor = body["next_cursor"]
            if cursor is None:
                return items


def people(count):
    """Names in many scripts; every tenth address is an odd one, the others are plain."""
    Faker.seed(1)
    fakers = [Faker(locale) for locale in LOCALES]
    for n in range(count):
        odd, plain = ODD_ADDRESSES[n // 10 % len(ODD_ADDRESSES)], "{n}.person@example.org"
        address = (odd if n % 10 == 0 else plain).format(n=n)
        yield {"email": address, "name": fakers[n % len(fakers)].name()[:100], "app_roles": {"wiki": "basic"}}


def processor_time(process):
    """Seconds that the process has spent on processors."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def phase(name, process, work, items):
    """Does `work` for all items, 8 at once, and tells how long that took."""
    before, began = processor_time(process), time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        results = list(pool.map(work, items))
    seconds, processor = time.perf_counter() - began, processor_time(process) - before
    report(name, results, seconds, processor)
    return [result for result, _ in results]


def report(name, results, seconds, processor):
    times = sorted(seconds * 1000 for _, seconds in results)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    each = processor * 1000 / len(times)
    print(f"| {name} | {len(times) / seconds:.0f} | {p50:.1f} | {p99:.1f} | {times[-1]:.1f} | {each:.1f} |", flush=True)


def run(api, process, secret, count):
    password = "orbit kettle violet seventeen"
    admin = {"setup_secret": secret, "email": "admin@example.com", "name": "Ada Admin", "password": password}
    status, started, _ = api.ask("POST", "/v1/setup", admin)
    assert status == 201, started
    token = started["token"]
    settings = {"from_address": "roster@example.com", "platform_url": "https://roster.example.com"}
    assert api.ask("PUT", "/v1/settings/email", settings, token)[0] == 200
    assert api.ask("POST", "/v1/apps", {"slug": "wiki", "name": "Wiki"}, token)[0] == 201
    invitees = list(people(count))

    def invite(person):
        status, body, seconds = api.ask("POST", "/v1/invites", person, token)
        assert status == 201, (person, status, body)
        return body["user"], seconds

    print("| phase | each second | p50, ms | p99, ms | longest, ms | processor, ms each |")
    print("| --- | --- | --- | --- | --- | --- |")
    began = time.perf_counter()
    users = phase("invite", process, invite, invitees)
    assert api.ask("POST", "/_local/run/deliver_mail")[0] == 200
    mailed_after = time.perf_counter() - began
    mails = api.ask("GET", "/_local/mail")[1]["items"]
    recipients = Counter(address for mail in mails for address in mail["to"])
    wanted = Counter(unicodedata.normalize("NFC", person["email"]) for person in invitees)
    assert recipients == wanted, (wanted - recipients, recipients - wanted)

    tokens = {mail["tags"]["user"]: mail["text"].partition("#token=")[2].split()[0] for mail in mails}
    passwords = {user["id"]: f"{random.getrandbits(80):x} kettle violet" for user in users}

    def accept(user):
        body = {"token": tokens[user["id"]], "name": user["name"], "password": passwords[user["id"]]}
        status, body, seconds = api.ask("POST", "/v1/invites/accept", body)
        assert status == 201, (user, status, body)
        return body["user"], seconds

    def sign_in(user):
        body = {"email": user["email"].swapcase(), "password": passwords[user["id"]]}
        if len(body["email"].casefold()) != len(user["email"]):  # Not every script comes back from swapping case.
            body["email"] = user["email"]
        status, body, seconds = api.ask("POST", "/v1/sessions", body)
        assert status == 201, (user, status, body)
        return body["user"], seconds

    for joined, invited in zip(phase("accept", process, accept, users), users):
        assert (joined["id"], joined["email"], joined["status"]) == (invited["id"], invited["email"], "active"), joined
    for signed_in, invited in zip(phase("sign in", process, sign_in, users), users):
        assert signed_in["id"] == invited["id"], signed_in

    listed = api.get_all("/v1/users", token)
    assert len(listed) == len({user["id"] for user in listed}) == count + 1, len(listed)
    assert {user["id"] for user in users} < {user["id"] for user in listed}
    assert all(user["app_roles"] == {"wiki": "basic"} for user in listed if user["role"] == "member")
    assert api.get_all("/v1/invites", token) == []
    assert len(api.ask("GET", "/_local/mail")[1]["items"]) == count, "nobody was mailed again"
    print(f"\n{count} people: every mail was out {mailed_after:.1f} s after the first invite began; nobody was lost,")
    print("mailed twice or refused.")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    arguments.add_argument("--people", type=int, default=1000)
    arguments.add_argument("--roster", default="target/release/roster")
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as data:
        command = [arguments.roster, "--port", "0", "--data", data]
        environment = {**os.environ, "ROSTER_SETUP_SECRET": "a secret for an hour"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                address = process.stdout.readline().strip().removeprefix("listening on http://")
                run(Api(address), process, environment["ROSTER_SETUP_SECRET"], arguments.people)
            finally:
                process.kill()


if __name__ == "__main__":
    main()
