-- Who may come in, and what they may do there. What people and programs present stands here as a hash: passwords as
-- argon2id, tokens and codes under SHA-256. Only signing_key is a secret as it is; settings can keep it elsewhere.
--
-- user_account    (absent) ──create──▶ active ──deactivate──▶ deactivated
-- session         (absent) ──sign in──▶ open ──sign out · new sign-in · idle_until · expires_at──▶ ended
-- api_token       (absent) ──create──▶ live ──revoke · expires_at──▶ dead
-- device          (absent) ──enrol──▶ live ──enrol again──▶ live, with another secret
-- sign_in_code    (absent) ──request──▶ open ──right code──▶ used
--                                       ├──a newer request──▶ replaced
--                                       └──five wrong codes · expires_at──▶ (never usable again)

CREATE TABLE user_account (
    id UUID NOT NULL PRIMARY KEY,
    -- Lower case.
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    lang TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Whom a login of the road or of a supplier speaks for; neither for staff.
    courier UUID,
    supplier UUID,
    every_site BIGINT NOT NULL,
    -- argon2id in PHC form; absent for one who cannot sign in by password.
    password TEXT,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT user_account_login UNIQUE (login),
    CONSTRAINT user_account_lang CHECK (lang IN ('zh-Hant', 'zh-Hans', 'en')),
    CONSTRAINT user_account_state CHECK (state IN ('active', 'deactivated')),
    CONSTRAINT user_account_every_site CHECK (every_site IN (0, 1)),
    CONSTRAINT user_account_speaks_for_one CHECK (courier IS NULL OR supplier IS NULL)
);

CREATE TABLE user_role (
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    CONSTRAINT user_role_once PRIMARY KEY (user_id, role),
    CONSTRAINT user_role_user FOREIGN KEY (user_id) REFERENCES user_account (id)
);

CREATE TABLE user_site (
    user_id UUID NOT NULL,
    site UUID NOT NULL,
    CONSTRAINT user_site_once PRIMARY KEY (user_id, site),
    CONSTRAINT user_site_user FOREIGN KEY (user_id) REFERENCES user_account (id)
);

-- Which customer a phone belongs to, for signing in by one-time code.
CREATE TABLE customer_login (
    customer UUID NOT NULL PRIMARY KEY,
    phone TEXT NOT NULL,
    lang TEXT NOT NULL,
    CONSTRAINT customer_login_phone UNIQUE (phone),
    CONSTRAINT customer_login_lang CHECK (lang IN ('zh-Hant', 'zh-Hans', 'en'))
);

CREATE TABLE session (
    id UUID NOT NULL PRIMARY KEY,
    token_hash {bytes} NOT NULL,
    user_id UUID,
    customer UUID,
    created_at BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT session_token UNIQUE (token_hash),
    CONSTRAINT session_token_length CHECK (length(token_hash) = 32),
    CONSTRAINT session_is_somebodys CHECK ((user_id IS NULL) <> (customer IS NULL)),
    CONSTRAINT session_of FOREIGN KEY (user_id) REFERENCES user_account (id)
);
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_of_customer ON session (customer);
CREATE INDEX session_age ON session (expires_at);

CREATE TABLE api_token (
    id UUID NOT NULL PRIMARY KEY,
    token_hash {bytes} NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT api_token_token UNIQUE (token_hash),
    CONSTRAINT api_token_length CHECK (length(token_hash) = 32),
    CONSTRAINT api_token_user FOREIGN KEY (user_id) REFERENCES user_account (id)
);
CREATE INDEX api_token_of_user ON api_token (user_id, id);

-- The duties a token may use, if its owner still holds them.
CREATE TABLE api_token_scope (
    token UUID NOT NULL,
    duty TEXT NOT NULL,
    CONSTRAINT api_token_scope_once PRIMARY KEY (token, duty),
    CONSTRAINT api_token_scope_token FOREIGN KEY (token) REFERENCES api_token (id)
);

CREATE TABLE device (
    probe UUID NOT NULL PRIMARY KEY,
    site UUID NOT NULL,
    secret_hash {bytes} NOT NULL,
    enrolled_at BIGINT NOT NULL,
    CONSTRAINT device_secret UNIQUE (secret_hash),
    CONSTRAINT device_secret_length CHECK (length(secret_hash) = 32)
);

CREATE TABLE sign_in_code (
    id UUID NOT NULL PRIMARY KEY,
    -- Absent when nobody has that phone: a stranger is answered like a customer.
    customer UUID,
    code_hash {bytes} NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sign_in_code_length CHECK (length(code_hash) = 32),
    CONSTRAINT sign_in_code_state CHECK (state IN ('open', 'used', 'replaced')),
    CONSTRAINT sign_in_code_tries CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX sign_in_code_open ON sign_in_code (customer) WHERE state = 'open';
CREATE INDEX sign_in_code_age ON sign_in_code (expires_at);

-- Tries to come in, per account, phone and address. Names are hashed: people type passwords into the wrong field.
CREATE TABLE sign_in_throttle (
    subject TEXT NOT NULL PRIMARY KEY,
    tries BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    CONSTRAINT sign_in_throttle_tries CHECK (tries >= 0)
);
CREATE INDEX sign_in_throttle_age ON sign_in_throttle (last_at);

-- The key that signs links where the settings give none. One row.
CREATE TABLE signing_key (
    one BIGINT NOT NULL PRIMARY KEY,
    secret {bytes} NOT NULL,
    CONSTRAINT signing_key_is_one_row CHECK (one = 1),
    CONSTRAINT signing_key_length CHECK (length(secret) = 32)
);
