"""What a project can do: each verb calls the provider, and the mirror knows when it returns.

Every verb has a twin for async code, with an `a` before its name, that takes the same arguments.
After a verb, `refresh_entitlements(subscriber)` forgets what was remembered of that object.
"""

from asgiref.sync import sync_to_async

from polar_django.billing.changes import (
    apply_discount,
    change_product,
    change_seats,
    clear_pending_update,
    preview_product_change,
    preview_seat_change,
    remove_discount,
)
from polar_django.billing.checkout import create_checkout_session
from polar_django.billing.confirm import confirm_checkout
from polar_django.billing.customers import ensure_customer
from polar_django.billing.deletion import (
    delete_customer,
)
from polar_django.billing.exports import (
    export_customer,
)
from polar_django.billing.guests import claim_purchases
from polar_django.billing.invoices import get_invoice_url, get_receipt_url
from polar_django.billing.licenses import (
    activate_license_key,
    deactivate_license_key,
    list_license_keys,
    reveal_license_key,
    rotate_license_key,
    validate_license_key,
)
from polar_django.billing.local_grants import grant_benefit, revoke_local_grant
from polar_django.billing.pauses import pause_subscription, resume_subscription
from polar_django.billing.portal import create_portal_session
from polar_django.billing.profiles import (
    update_customer,
)
from polar_django.billing.raw import apolar_client, polar_client
from polar_django.billing.refunds import refund_order
from polar_django.billing.seats import (
    assign_seat,
    claim_seat,
    get_seat_invitation,
    resend_seat_invitation,
    revoke_seat,
)
from polar_django.billing.selling import (
    create_checkout_link,
    create_discount,
    delete_checkout_link,
    delete_discount,
    list_checkout_links,
    list_discounts,
)
from polar_django.billing.sessions import list_checkout_sessions
from polar_django.billing.subscriptions import (
    cancel_subscription,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.billing.trials import end_trial, extend_trial

__all__ = [
    "aactivate_license_key",
    "aapply_discount",
    "aassign_seat",
    "acancel_subscription",
    "achange_product",
    "achange_seats",
    "aclaim_purchases",
    "aclaim_seat",
    "aclear_pending_update",
    "aconfirm_checkout",
    "acreate_checkout_link",
    "acreate_checkout_session",
    "acreate_discount",
    "acreate_portal_session",
    "activate_license_key",
    "adeactivate_license_key",
    "adelete_checkout_link",
    "adelete_customer",
    "adelete_discount",
    "aend_trial",
    "aensure_customer",
    "aexport_customer",
    "aextend_trial",
    "aget_invoice_url",
    "aget_receipt_url",
    "aget_seat_invitation",
    "agrant_benefit",
    "alist_checkout_links",
    "alist_checkout_sessions",
    "alist_discounts",
    "alist_license_keys",
    "apause_subscription",
    "apolar_client",
    "apply_discount",
    "apreview_product_change",
    "apreview_seat_change",
    "arefund_order",
    "aremove_discount",
    "aresend_seat_invitation",
    "aresume_subscription",
    "areveal_license_key",
    "arevoke_local_grant",
    "arevoke_seat",
    "arevoke_subscription",
    "arotate_license_key",
    "assign_seat",
    "auncancel_subscription",
    "aupdate_customer",
    "avalidate_license_key",
    "cancel_subscription",
    "change_product",
    "change_seats",
    "claim_purchases",
    "claim_seat",
    "clear_pending_update",
    "confirm_checkout",
    "create_checkout_link",
    "create_checkout_session",
    "create_discount",
    "create_portal_session",
    "deactivate_license_key",
    "delete_checkout_link",
    "delete_customer",
    "delete_discount",
    "end_trial",
    "ensure_customer",
    "export_customer",
    "extend_trial",
    "get_invoice_url",
    "get_receipt_url",
    "get_seat_invitation",
    "grant_benefit",
    "list_checkout_links",
    "list_checkout_sessions",
    "list_discounts",
    "list_license_keys",
    "pause_subscription",
    "polar_client",
    "preview_product_change",
    "preview_seat_change",
    "refund_order",
    "remove_discount",
    "resend_seat_invitation",
    "resume_subscription",
    "reveal_license_key",
    "revoke_local_grant",
    "revoke_seat",
    "revoke_subscription",
    "rotate_license_key",
    "uncancel_subscription",
    "update_customer",
    "validate_license_key",
]

aactivate_license_key = sync_to_async(activate_license_key, thread_sensitive=True)
aapply_discount = sync_to_async(apply_discount, thread_sensitive=True)
aassign_seat = sync_to_async(assign_seat, thread_sensitive=True)
acancel_subscription = sync_to_async(cancel_subscription, thread_sensitive=True)
achange_product = sync_to_async(change_product, thread_sensitive=True)
achange_seats = sync_to_async(change_seats, thread_sensitive=True)
aclaim_purchases = sync_to_async(claim_purchases, thread_sensitive=True)
aclaim_seat = sync_to_async(claim_seat, thread_sensitive=True)
aclear_pending_update = sync_to_async(clear_pending_update, thread_sensitive=True)
aconfirm_checkout = sync_to_async(confirm_checkout, thread_sensitive=True)
acreate_checkout_link = sync_to_async(create_checkout_link, thread_sensitive=True)
acreate_checkout_session = sync_to_async(create_checkout_session, thread_sensitive=True)
acreate_discount = sync_to_async(create_discount, thread_sensitive=True)
acreate_portal_session = sync_to_async(create_portal_session, thread_sensitive=True)
adeactivate_license_key = sync_to_async(deactivate_license_key, thread_sensitive=True)
adelete_checkout_link = sync_to_async(delete_checkout_link, thread_sensitive=True)
adelete_customer = sync_to_async(delete_customer, thread_sensitive=True)
adelete_discount = sync_to_async(delete_discount, thread_sensitive=True)
aend_trial = sync_to_async(end_trial, thread_sensitive=True)
aensure_customer = sync_to_async(ensure_customer, thread_sensitive=True)
aexport_customer = sync_to_async(export_customer, thread_sensitive=True)
aextend_trial = sync_to_async(extend_trial, thread_sensitive=True)
aget_invoice_url = sync_to_async(get_invoice_url, thread_sensitive=True)
aget_receipt_url = sync_to_async(get_receipt_url, thread_sensitive=True)
aget_seat_invitation = sync_to_async(get_seat_invitation, thread_sensitive=True)
agrant_benefit = sync_to_async(grant_benefit, thread_sensitive=True)
alist_checkout_links = sync_to_async(list_checkout_links, thread_sensitive=True)
alist_checkout_sessions = sync_to_async(list_checkout_sessions, thread_sensitive=True)
alist_discounts = sync_to_async(list_discounts, thread_sensitive=True)
alist_license_keys = sync_to_async(list_license_keys, thread_sensitive=True)
apause_subscription = sync_to_async(pause_subscription, thread_sensitive=True)
apreview_product_change = sync_to_async(preview_product_change, thread_sensitive=True)
apreview_seat_change = sync_to_async(preview_seat_change, thread_sensitive=True)
arefund_order = sync_to_async(refund_order, thread_sensitive=True)
aremove_discount = sync_to_async(remove_discount, thread_sensitive=True)
aresend_seat_invitation = sync_to_async(resend_seat_invitation, thread_sensitive=True)
aresume_subscription = sync_to_async(resume_subscription, thread_sensitive=True)
areveal_license_key = sync_to_async(reveal_license_key, thread_sensitive=True)
arevoke_local_grant = sync_to_async(revoke_local_grant, thread_sensitive=True)
arevoke_seat = sync_to_async(revoke_seat, thread_sensitive=True)
arevoke_subscription = sync_to_async(revoke_subscription, thread_sensitive=True)
arotate_license_key = sync_to_async(rotate_license_key, thread_sensitive=True)
auncancel_subscription = sync_to_async(uncancel_subscription, thread_sensitive=True)
aupdate_customer = sync_to_async(update_customer, thread_sensitive=True)
avalidate_license_key = sync_to_async(validate_license_key, thread_sensitive=True)
