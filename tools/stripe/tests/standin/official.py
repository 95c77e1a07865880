"""Stripe's own Python package against the stand-in: official.py BASE_URL SECRET_KEY.

Lines on standard input are webhooks, `{"body": …, "header": …, "secret": …}`. The package's release is that of the pinned
version of the API: it sends that version and reads its shapes.
"""

import json
import sys

import requests
import stripe

BASE_URL, KEY = sys.argv[1:]
YEARS = 10**9


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def fail(*faults):
    requests.post(f"{BASE_URL}/standin/faults", json=list(faults), timeout=10).raise_for_status()


def main():
    client = stripe.StripeClient(KEY, base_addresses={"api": BASE_URL}, max_network_retries=2)
    api = client.v1

    fail("drop_after")
    made = api.customers.create({"name": "A", "metadata": {"tenant": "0f"}}, {"idempotency_key": "k"})
    again = api.customers.create({"name": "A", "metadata": {"tenant": "0f"}}, {"idempotency_key": "k"})
    assert made.id == again.id and made.metadata["tenant"] == "0f"
    refused(stripe.IdempotencyError, lambda: api.customers.create({"name": "B"}, {"idempotency_key": "k"}))
    assert api.customers.create({"name": "A"}).id != made.id

    team, enterprise = (
        api.prices.list({"lookup_keys": [key], "active": True, "expand": ["data.product"]}).data[0]
        for key in ("team", "enterprise")
    )
    assert team.product.metadata["plan"] == "team" and team.recurring.interval == "month"

    def checkout():
        return api.checkout.sessions.create({
            "mode": "subscription", "customer": made.id, "client_reference_id": "0f", "success_url": "https://a/done",
            "cancel_url": "https://a/back", "line_items": [{"price": team.id, "quantity": 1}],
            "subscription_data": {"metadata": {"tenant": "0f"}},
        })

    session = checkout()
    assert requests.post(f"{session.url}/pay", {"card": "works"}, allow_redirects=False, timeout=10).status_code == 303
    other = api.checkout.sessions.expire(checkout().id)
    assert (other.status, other.url) == ("expired", None)
    assert [each.id for each in api.checkout.sessions.list({"customer": made.id, "status": "complete"})] == [session.id]

    [bought] = api.subscriptions.list({"customer": made.id, "status": "all"}).auto_paging_iter()
    item = bought["items"].data[0]
    assert bought.status == "active" and item.current_period_end > item.current_period_start
    assert bought.metadata["tenant"] == "0f"
    change = {"items": [{"id": item.id, "price": enterprise.id}], "proration_behavior": "always_invoice"}
    change |= {"payment_behavior": "error_if_incomplete", "expand": ["items.data.price.product"]}
    requests.post(f"{BASE_URL}/standin/customers/{made.id}/card", json={"declines": True}, timeout=10)
    declined = refused(stripe.CardError, lambda: api.subscriptions.update(bought.id, change))
    assert declined.code == "card_declined" and declined.http_status == 402
    requests.post(f"{BASE_URL}/standin/customers/{made.id}/card", json={"declines": False}, timeout=10)
    changed = api.subscriptions.update(bought.id, change)
    assert changed["items"].data[0].price.product.metadata["plan"] == "enterprise"
    assert api.subscriptions.update(bought.id, {"cancel_at_period_end": True}).cancel_at_period_end
    assert api.billing_portal.sessions.create({"customer": made.id, "return_url": "https://a"}).url

    invoices = list(api.invoices.list({"customer": made.id, "limit": 1}).auto_paging_iter())
    assert [each.status for each in invoices] == ["paid", "paid"]
    assert invoices[0].parent.subscription_details.subscription == bought.id
    assert requests.get(invoices[0].invoice_pdf, timeout=10).content.startswith(b"%PDF")

    unknown = refused(stripe.InvalidRequestError, lambda: api.customers.create({"made_up": 1}))
    assert (unknown.code, unknown.param) == ("parameter_unknown", "made_up"), unknown.error
    missing = refused(stripe.InvalidRequestError, lambda: api.subscriptions.retrieve("sub_none"))
    assert (missing.code, missing.http_status) == ("resource_missing", 404)
    fail({"status": 429})
    refused(stripe.RateLimitError, lambda: api.prices.list({}))
    strangers = stripe.StripeClient("sk_test_other", base_addresses={"api": BASE_URL})
    refused(stripe.AuthenticationError, lambda: strangers.v1.prices.list({}))

    kinds = []
    for line in sys.stdin:
        told = json.loads(line)
        event = stripe.Webhook.construct_event(told["body"], told["header"], told["secret"], tolerance=YEARS)
        kinds.append(event.type)
        wrong = lambda: stripe.Webhook.construct_event(told["body"], told["header"], "whsec_x", tolerance=YEARS)
        refused(stripe.SignatureVerificationError, wrong)
    print(" ".join(kinds))


main()
