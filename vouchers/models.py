"""Every table of this floor, so that Django finds them."""

from vouchers.centres.models import Centre, Cluster, ClusterAccount, ClusterDevice, DeviceClass, EvidenceSource, Price
from vouchers.issuance.models import Voucher
from vouchers.orders.models import Order
from vouchers.people.models import Membership, Organisation, User
from vouchers.programmes.models import Programme, ProgrammeVersion

__all__ = [
    "Centre",
    "Cluster",
    "ClusterAccount",
    "ClusterDevice",
    "DeviceClass",
    "EvidenceSource",
    "Membership",
    "Order",
    "Organisation",
    "Price",
    "Programme",
    "ProgrammeVersion",
    "User",
    "Voucher",
]
