//! Tokens that are not ours: made from ours by changing one thing.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::World;

/// What it takes to make a token that verifies, and so any that nearly does.
pub struct Forge {
    key: Ed25519KeyPair,
    pub header: Value,
    pub claims: Value,
    own: String,
}

impl Forge {
    /// Takes apart a valid token of a new user, and reads the signing key of the stack.
    pub async fn new(world: &World) -> Self {
        let own = world.user().await.token.expect("a token");
        let part = |index: usize| -> Value {
            let text = own.split('.').nth(index).expect("three parts");
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("JSON")
        };
        let secret = std::fs::read_to_string(world.stack.directory().join("signing-key")).expect("a key");
        let seed = Sha256::digest(secret.trim().as_bytes());
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key pair");
        Self { key, header: part(0), claims: part(1), own: own.clone() }
    }

    /// A token of this header and these claims, rightly signed.
    pub fn signed_token(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// A token of these very texts, rightly signed.
    pub fn signed_text(&self, header: &str, claims: &str) -> String {
        let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// The same with one claim changed, or without it.
    pub fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        self.signed_token(&self.header, &changed(&self.claims, name, value))
    }

    /// The same with one field of the header changed, or without it.
    pub fn with_header(&self, name: &str, value: Option<Value>) -> String {
        self.signed_token(&changed(&self.header, name, value), &self.claims)
    }

    /// Every token that must be refused, by name.
    pub fn tokens_to_refuse(&self) -> Vec<(String, String)> {
        let mut all = self.wrong_claims();
        all.extend(self.wrong_headers());
        all.extend(self.wrong_signatures());
        all
    }

    fn wrong_claims(&self) -> Vec<(String, String)> {
        let now = self.claims["iat"].as_i64().expect("a time");
        let claims = [
            ("iss", json!("somebody else")),
            ("iss", json!(["onsale"])),
            ("aud", json!("another-api")),
            ("aud", json!(["onsale-api"])),
            ("sub", json!("not an id")),
            ("sub", json!(7)),
            ("exp", json!((now + 900).to_string())),
            ("exp", json!(now - 5)),
            ("exp", json!(now + 901)),
            ("exp", json!(i64::MAX)),
            ("exp", json!(1e18)),
            ("exp", json!(-1)),
            ("nbf", json!(now + 60)),
            ("nbf", json!("now")),
            ("iat", json!("now")),
            ("iss", json!(7)),
            ("aud", json!(7)),
            ("jti", json!(7)),
            ("sid", json!("a session")),
            ("sid", json!(7)),
            ("iat", json!(now + 60)),
            ("iat", json!(i64::MIN)),
            ("jti", json!("")),
            // Roles are in the table, and no token says one.
            ("role", json!("admin")),
            ("admin", json!(true)),
        ];
        let mut all: Vec<(String, String)> = claims
            .into_iter()
            .map(|(name, value)| (format!("claim {name} {value}"), self.with_claim(name, Some(value))))
            .collect();
        for name in ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "sid"] {
            all.push((format!("without claim {name}"), self.with_claim(name, None)));
            all.push((format!("claim {name} null"), self.with_claim(name, Some(Value::Null))));
        }
        for claims in [json!([]), json!("claims"), json!(1), Value::Null] {
            all.push((format!("claims {claims}"), self.signed_token(&self.header, &claims)));
        }
        all
    }

    fn wrong_headers(&self) -> Vec<(String, String)> {
        let headers = [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("HS256")),
            ("alg", json!("RS256")),
            ("alg", json!("NONE")),
            ("alg", json!("nOnE")),
            ("alg", json!("eddsa")),
            ("alg", json!(["EdDSA"])),
            ("alg", json!(7)),
            ("kid", json!("k".repeat(10_000))),
            ("alg", json!("ES256")),
            ("alg", json!("Ed25519")),
            ("alg", json!("")),
            ("typ", json!("JWT")),
            ("typ", json!("rt+jwt")),
            ("kid", json!("kAnotherKey")),
            ("kid", json!("../../etc/passwd")),
            ("kid", json!("' OR 1=1 --")),
            ("kid", json!("")),
            ("kid", json!(1)),
            ("crit", json!(["exp"])),
            ("jku", json!("https://example.com/keys")),
            ("x5u", json!("https://example.com/keys")),
            ("x5c", json!(["MIIB"])),
            ("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": self.public() })),
        ];
        let mut all: Vec<(String, String)> = headers
            .into_iter()
            .map(|(name, value)| (format!("header {name} {value}"), self.with_header(name, Some(value))))
            .collect();
        for name in ["alg", "typ", "kid"] {
            all.push((format!("without header {name}"), self.with_header(name, None)));
        }
        all
    }

    fn wrong_signatures(&self) -> Vec<(String, String)> {
        let text = unsigned(&self.header, &self.claims);
        let none = unsigned(&changed(&self.header, "alg", Some(json!("none"))), &self.claims);
        let symmetric = unsigned(&changed(&self.header, "alg", Some(json!("HS256"))), &self.claims);
        // The public key as a shared secret: what a verifier that believes `alg` would accept.
        let mac = |secret: &[u8]| {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), symmetric.as_bytes());
            format!("{symmetric}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        let other = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key pair");
        let promoted = changed(&self.claims, "sub", Some(json!("00000000-0000-769a-8344-8bc1d27d4337")));
        let signature = self.own.rsplit('.').next().expect("three parts");
        let cut = &self.own[..self.own.len() - 4];
        let long = self.with_claim("pad", Some(json!("x".repeat(3_000))));
        [
            ("no signature", format!("{none}.")),
            ("no signature, algorithm kept", format!("{text}.")),
            ("two parts", text.clone()),
            ("four parts", format!("{}.x", self.own)),
            ("the public key as a secret", mac(self.key.public_key().as_ref())),
            ("the public key's text as a secret", mac(self.public().as_bytes())),
            ("another key", format!("{text}.{}", URL_SAFE_NO_PAD.encode(other.sign(text.as_bytes())))),
            ("claims changed", format!("{}.{signature}", unsigned(&self.header, &promoted))),
            ("signature cut", cut.to_owned()),
            ("signature of zeros", format!("{text}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
            ("padded", format!("{}==", self.own)),
            ("too long", long),
            ("garbage", "garbage".to_owned()),
            ("dots", "..".to_owned()),
            ("not base64", "!!!.!!!.!!!".to_owned()),
            ("twice", format!("{} {}", self.own, self.own)),
        ]
        .map(|(name, token)| (name.to_owned(), token))
        .into()
    }

    fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encoded(header), encoded(claims))
}

fn changed(of: &Value, name: &str, value: Option<Value>) -> Value {
    let mut fields = of.as_object().expect("an object").clone();
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
    Value::Object(fields)
}
