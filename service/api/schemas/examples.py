"""Invented documents that show the shapes in the OpenAPI document; tests validate them against the schemas."""

from __future__ import annotations

from typing import Any  # JSON documents

SIGNUP_EXAMPLE: dict[str, Any] = {
    "signup_id": "su_8131",
    "account_type": "educational",
    "identity": {
        "full_name": "Ada Example",
        "country": "GB",
        "birth_year": 2004,
        "role": "student",
        "institution": {"name": "University of Example", "country": "GB"},
        "programme": "BSc Mathematics",
    },
    "email": "ada.example@university.example",
    "phone": "+441134960999",
    "payment": {
        "method": "card",
        "fingerprint": "fp_2kq9c1",
        "bin": "424242",
        "funding": "debit",
        "issuer_country": "GB",
        "billing_country": "GB",
        "cardholder_name": "A EXAMPLE",
        "checks": {"cvc": "pass", "postal_code": "pass", "three_d_secure": "authenticated"},
        "failed_attempts": 0,
    },
    "device": {
        "ip": "192.0.2.17",
        "device_id": "d_7f31",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "accept_language": "en-GB,en;q=0.8",
        "timezone": "Europe/London",
        "screen": "1920x1080",
        "webdriver": False,
    },
    "behaviour": {"form_seconds": 74.2, "pasted_fields": ["email"], "keystrokes": 93},
    "prior_checks": {"email_verified": True, "captcha": "passed"},
    "custom": {"campaign": "spring"},
}

DECISION_EXAMPLE: dict[str, Any] = {
    "id": "01934f5e-7c00-7aaa-8bbb-0123456789ab",
    "signup_id": "su_8131",
    "decision": "step_up",
    "final": False,
    "score": 0.412,
    "reasons": [
        {
            "code": "DEVICE_SHARED",
            "group": "linkage",
            "text": "The device was used for several other sign-ups.",
            "contribution": 1.21,
            "multiplier": 3.3535,
        }
    ],
    "rules": [],
    "challenges": [],
    "grant": None,
    "case_id": None,
    "cluster": None,
    "model": {"version": "2026-11-20.1", "sha256": "0" * 64},
    "policy_version": 3,
    "degraded": False,
    "degraded_reason": None,
    "created_at": "2026-11-23T10:00:00Z",
}

PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "urn:gatehouse:problem:invalid-input",
    "title": "The input is not valid",
    "status": 422,
    "detail": "The fields under 'errors' are not valid.",
    "request_id": "b6e0a3f4c1d24f0d9c7e5a1b2c3d4e5f",
    "errors": [
        {
            "pointer": "/identity/country",
            "message": "must be a country code of ISO 3166-1 alpha-2 in capital letters, such as GB",
        }
    ],
}
