"""A first copy of everything from the sandbox: our memory, and our share of the time.

`python -m tests.benchmarks.backfill [customers]`, with POLAR_TEST_DATABASE_URL set. The sandbox is
a server of its own, with its data in SQLite.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from example_project.servers import free_port
from tests.benchmarks.results import Result

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "tests" / "chaos" / "catalog.toml"
TOKEN = "polar_oat_sandbox"
PAYS = "4242424242424242"
ALLOWED = 60.0


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="polar-backfill-") as temporary:
        file = Path(temporary) / "sandbox.sqlite3"
        sandbox = [sys.executable, "-m", "polar_django.sandbox", "--database", str(file)]
        subprocess.run([*sandbox, "seed", str(CATALOG)], cwd=ROOT, check=True, stdout=sys.stderr)
        port = free_port()
        server = subprocess.Popen(
            [*sandbox, "serve", "--port", str(port)], cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            buy(url)
            few, many = (measured(url, file, customers) for customers in (count // 10, count))
        finally:
            server.terminate()
            server.wait(20)
    Result(
        f"backfill of {count:,} customers: peak memory above start, against what is allowed",
        f"{many['peak']:.0f} MB",
        f"{ALLOWED:.0f} MB",
        many["peak"] / ALLOWED,
        at_most=1,
    ).print()
    Result(
        f"backfill: peak memory above start for {count:,} customers, against {count // 10:,}",
        f"{many['peak']:.0f} MB",
        f"{few['peak']:.0f} MB",
        many["peak"] / few["peak"],
        at_most=1.5,
    ).print()
    Result(
        f"backfill of {many['objects']:,.0f} objects: our own processor time, against all the time",
        f"{many['own']:.0f} s ({many['objects'] / many['own']:,.0f} objects a second)",
        f"{many['all']:.0f} s",
        many["own"] / many["all"],
    ).print()


def buy(url: str) -> None:
    """One purchase, as everybody makes it."""
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
    ) as api:
        for _ in range(300):
            try:
                products = api.get("/v1/products/").json()["items"]
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise SystemExit("The sandbox does not answer.")
        [product] = [p["id"] for p in products if p["metadata"]["key"] == "pro-monthly"]
        checkout = api.post("/v1/checkouts/", json={"products": [product]}).json()
        api.post(
            f"/v1/checkouts/client/{checkout['client_secret']}/confirm",
            json={
                "confirmation_token_id": PAYS,
                "customer_email": "buyer@example.com",
                "customer_name": "A Buyer",
                "customer_billing_address": {"country": "NL"},
            },
        ).raise_for_status()


def measured(url: str, file: Path, customers: int) -> dict[str, float]:
    """What a copy of so many took, in a process of its own."""
    print(f"   {customers:,} customers", file=sys.stderr, flush=True)
    crowd = {**os.environ, "POLAR_TEST_DATABASE_URL": f"sqlite:///{file}"}
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.crowd", str(customers)],
        cwd=ROOT, env=crowd, check=True,
    )  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.copying"],
        cwd=ROOT, env={**os.environ, "POLAR_BENCH_SERVER": url}, check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    if found["customers"] != customers:
        raise SystemExit(f"{found['customers']} customers were copied, not {customers}.")
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
