-- The first schema on SQLite. Statements end with a semicolon and an empty line.
-- A published migration is never edited: the next change is a new file beside this one.

CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at DATETIME NOT NULL,
    by_id INTEGER,
    action VARCHAR(64) NOT NULL,
    lead_id INTEGER,
    facts JSON NOT NULL,
    CONSTRAINT ck_audit_log_action_length CHECK (length(action) BETWEEN 1 AND 64)
);

CREATE INDEX ix_audit_log_action ON audit_log (action, id);

CREATE INDEX ix_audit_log_at ON audit_log (at);

CREATE INDEX ix_audit_log_lead ON audit_log (lead_id, id);

CREATE INDEX ix_audit_log_person ON audit_log (by_id, id);

CREATE TABLE drafts (
    id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    edition VARCHAR(32) NOT NULL,
    depth VARCHAR(8) NOT NULL,
    answers JSON NOT NULL,
    source JSON NOT NULL,
    demo BOOLEAN DEFAULT 0 NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_drafts PRIMARY KEY (id),
    CONSTRAINT ck_drafts_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT ck_drafts_edition_length CHECK (length(edition) BETWEEN 1 AND 32),
    CONSTRAINT uq_drafts_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_drafts_updated_at ON drafts (updated_at);

CREATE TABLE rate_limits (
    "key" VARCHAR(200) NOT NULL,
    hits INTEGER NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_rate_limits PRIMARY KEY ("key")
);

CREATE INDEX ix_rate_limits_expires_at ON rate_limits (expires_at);

CREATE TABLE staff_invitations (
    id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    email VARCHAR(254),
    role VARCHAR(8) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    used_at DATETIME,
    CONSTRAINT pk_staff_invitations PRIMARY KEY (id),
    CONSTRAINT ck_staff_invitations_role_known CHECK (role IN ('staff', 'admin')),
    CONSTRAINT ck_staff_invitations_email_lower CHECK (email = lower(email)),
    CONSTRAINT ck_staff_invitations_email_length CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT ck_staff_invitations_expires_later CHECK (expires_at >= created_at),
    CONSTRAINT uq_staff_invitations_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_staff_invitations_email ON staff_invitations (email);

CREATE TABLE staff_users (
    id INTEGER NOT NULL,
    email VARCHAR(254) NOT NULL,
    name VARCHAR(200) NOT NULL,
    role VARCHAR(8) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    active BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    away_until DATETIME,
    takes_turns BOOLEAN NOT NULL,
    last_turn INTEGER NOT NULL,
    CONSTRAINT pk_staff_users PRIMARY KEY (id),
    CONSTRAINT ck_staff_users_role_known CHECK (role IN ('staff', 'admin')),
    CONSTRAINT ck_staff_users_email_lower CHECK (email = lower(email)),
    CONSTRAINT ck_staff_users_email_length CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT ck_staff_users_name_length CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_staff_users_password_hash_present CHECK (length(password_hash) >= 1),
    CONSTRAINT uq_staff_users_email UNIQUE (email)
);

CREATE TABLE start_page_views (
    day DATE NOT NULL,
    kind VARCHAR(8) NOT NULL,
    depth VARCHAR(8) NOT NULL,
    source VARCHAR(100) NOT NULL,
    framed BOOLEAN NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT pk_start_page_views PRIMARY KEY (day, kind, depth, source, framed),
    CONSTRAINT ck_start_page_views_kind_known CHECK (kind IN ('real', 'demo', 'test')),
    CONSTRAINT ck_start_page_views_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT ck_start_page_views_source_length CHECK (length(source) <= 100)
);

CREATE TABLE used_tokens (
    token_hash VARCHAR(64) NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_used_tokens PRIMARY KEY (token_hash)
);

CREATE INDEX ix_used_tokens_expires_at ON used_tokens (expires_at);

CREATE TABLE api_tokens (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    name VARCHAR(60) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    hint VARCHAR(8) NOT NULL,
    scopes JSON NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    last_used_at DATETIME,
    revoked_at DATETIME,
    CONSTRAINT ck_api_tokens_name_length CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT ck_api_tokens_expires_later CHECK (expires_at > created_at),
    CONSTRAINT fk_api_tokens_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE,
    CONSTRAINT uq_api_tokens_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_api_tokens_user_id ON api_tokens (user_id);

CREATE TABLE notification_preferences (
    user_id INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    scope VARCHAR(8) NOT NULL,
    CONSTRAINT pk_notification_preferences PRIMARY KEY (user_id, kind),
    CONSTRAINT ck_notification_preferences_kind_known CHECK (kind IN ('finished', 'contact_given', 'consult_wanted', 'consult_booked', 'consult_moved', 'consult_canceled', 'overdue', 'stage_changed', 'won', 'lost', 'note_added', 'deleted', 'handed_over', 'handed_back', 'assigned', 'digest')),
    CONSTRAINT ck_notification_preferences_scope_known CHECK (scope IN ('all', 'own', 'off')),
    CONSTRAINT fk_notification_preferences_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE TABLE page_visits (
    id INTEGER NOT NULL,
    draft_id INTEGER,
    page VARCHAR(64) NOT NULL,
    is_last BOOLEAN NOT NULL,
    saves INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    seconds INTEGER,
    questions VARCHAR NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR(8) NOT NULL,
    depth VARCHAR(8) NOT NULL,
    source VARCHAR(100) NOT NULL,
    CONSTRAINT pk_page_visits PRIMARY KEY (id),
    CONSTRAINT ck_page_visits_kind_known CHECK (kind IN ('real', 'demo', 'test')),
    CONSTRAINT ck_page_visits_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT ck_page_visits_source_length CHECK (length(source) <= 100),
    CONSTRAINT fk_page_visits_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE SET NULL
);

CREATE UNIQUE INDEX ix_page_visits_draft ON page_visits (draft_id, page);

CREATE INDEX ix_page_visits_questions ON page_visits (kind, page, questions, is_last, refused, day, depth, source);

CREATE INDEX ix_page_visits_times ON page_visits (kind, page, seconds, saves, day, depth, source);

CREATE TABLE reminder_consents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    draft_id INTEGER NOT NULL,
    address VARCHAR(254),
    consent_text TEXT NOT NULL,
    granted_at DATETIME NOT NULL,
    encrypted_token BLOB,
    requested_at DATETIME,
    sent_at DATETIME,
    signs JSON DEFAULT '{}' NOT NULL,
    CONSTRAINT ck_reminder_consents_address_length CHECK (length(address) BETWEEN 1 AND 254),
    CONSTRAINT ck_reminder_consents_consent_text_present CHECK (length(consent_text) >= 1),
    CONSTRAINT ck_reminder_consents_sent_has_no_address CHECK ((sent_at IS NULL) = (address IS NOT NULL) AND (sent_at IS NULL) = (encrypted_token IS NOT NULL)),
    CONSTRAINT uq_reminder_consents_draft_id UNIQUE (draft_id),
    CONSTRAINT fk_reminder_consents_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE
);

CREATE TABLE resume_links (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    draft_id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    encrypted_draft_token BLOB NOT NULL,
    encrypted_mail BLOB,
    created_at DATETIME NOT NULL,
    CONSTRAINT uq_resume_links_draft_id UNIQUE (draft_id),
    CONSTRAINT uq_resume_links_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_resume_links_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE
);

CREATE TABLE setting_overrides (
    name VARCHAR(64) NOT NULL,
    value JSON NOT NULL,
    changed_at DATETIME NOT NULL,
    CONSTRAINT pk_setting_overrides PRIMARY KEY (name),
    CONSTRAINT ck_setting_overrides_name_length CHECK (length(name) BETWEEN 1 AND 64)
);

CREATE TABLE staff_authenticators (
    user_id INTEGER NOT NULL,
    encrypted_secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    added_at DATETIME NOT NULL,
    CONSTRAINT pk_staff_authenticators PRIMARY KEY (user_id),
    CONSTRAINT ck_staff_authenticators_last_step_not_negative CHECK (last_step >= 0),
    CONSTRAINT fk_staff_authenticators_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE TABLE staff_identities (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    issuer VARCHAR(255) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    CONSTRAINT pk_staff_identities PRIMARY KEY (id),
    CONSTRAINT ck_staff_identities_issuer_length CHECK (length(issuer) BETWEEN 1 AND 255),
    CONSTRAINT ck_staff_identities_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
    CONSTRAINT fk_staff_identities_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_staff_identities_subject ON staff_identities (issuer, subject);

CREATE UNIQUE INDEX uq_staff_identities_user ON staff_identities (user_id, issuer);

CREATE TABLE staff_passkeys (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    credential_id BLOB NOT NULL,
    public_key BLOB NOT NULL,
    user_handle BLOB NOT NULL,
    sign_count BIGINT NOT NULL,
    name VARCHAR(60) NOT NULL,
    added_at DATETIME NOT NULL,
    used_at DATETIME,
    CONSTRAINT pk_staff_passkeys PRIMARY KEY (id),
    CONSTRAINT ck_staff_passkeys_name_length CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT ck_staff_passkeys_sign_count_not_negative CHECK (sign_count >= 0),
    CONSTRAINT fk_staff_passkeys_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE,
    CONSTRAINT uq_staff_passkeys_credential_id UNIQUE (credential_id)
);

CREATE INDEX ix_staff_passkeys_user_id ON staff_passkeys (user_id);

CREATE TABLE staff_recovery_codes (
    code_hash VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    used_at DATETIME,
    CONSTRAINT pk_staff_recovery_codes PRIMARY KEY (code_hash),
    CONSTRAINT fk_staff_recovery_codes_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE INDEX ix_staff_recovery_codes_user_id ON staff_recovery_codes (user_id);

CREATE TABLE saved_views (
    id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    name VARCHAR(40) NOT NULL,
    query VARCHAR(1000) NOT NULL,
    shared BOOLEAN NOT NULL,
    CONSTRAINT pk_saved_views PRIMARY KEY (id),
    CONSTRAINT ck_saved_views_name_length CHECK (length(name) BETWEEN 1 AND 40),
    CONSTRAINT ck_saved_views_query_length CHECK (length(query) BETWEEN 1 AND 1000),
    CONSTRAINT fk_saved_views_owner_id FOREIGN KEY(owner_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE INDEX ix_saved_views_owner_id ON saved_views (owner_id);

CREATE TABLE staff_sessions (
    id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    ended_at DATETIME,
    authenticated_at DATETIME NOT NULL,
    method VARCHAR(16) NOT NULL,
    browser VARCHAR(80) NOT NULL,
    network_hash VARCHAR(64) NOT NULL,
    CONSTRAINT pk_staff_sessions PRIMARY KEY (id),
    CONSTRAINT uq_staff_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_staff_sessions_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE INDEX ix_staff_sessions_user ON staff_sessions (user_id, ended_at);

CREATE TABLE submissions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    draft_id INTEGER NOT NULL,
    result_token_hash VARCHAR(64) NOT NULL,
    submitted_at DATETIME NOT NULL,
    edition VARCHAR(32) NOT NULL,
    depth VARCHAR(8) NOT NULL,
    answers JSON NOT NULL,
    wording JSON NOT NULL,
    scorecard JSON NOT NULL,
    report JSON NOT NULL,
    separation DOUBLE NOT NULL,
    handoff DOUBLE NOT NULL,
    archetype VARCHAR(64) NOT NULL,
    consult VARCHAR(8) NOT NULL,
    seconds_taken INTEGER NOT NULL,
    demo BOOLEAN NOT NULL,
    report_revision INTEGER NOT NULL,
    CONSTRAINT ck_submissions_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT ck_submissions_consult_known CHECK (consult IN ('yes', 'optional', 'not_now')),
    CONSTRAINT ck_submissions_edition_length CHECK (length(edition) BETWEEN 1 AND 32),
    CONSTRAINT ck_submissions_archetype_length CHECK (length(archetype) BETWEEN 1 AND 64),
    CONSTRAINT ck_submissions_answers_present CHECK (CAST(answers AS TEXT) <> '{}'),
    CONSTRAINT ck_submissions_wording_present CHECK (CAST(wording AS TEXT) <> '{}'),
    CONSTRAINT ck_submissions_scorecard_present CHECK (CAST(scorecard AS TEXT) <> '{}'),
    CONSTRAINT ck_submissions_report_present CHECK (CAST(report AS TEXT) <> '{}'),
    CONSTRAINT ck_submissions_separation_in_range CHECK (separation BETWEEN 0 AND 100),
    CONSTRAINT ck_submissions_handoff_in_range CHECK (handoff BETWEEN 0 AND 100),
    CONSTRAINT ck_submissions_seconds_taken_positive CHECK (seconds_taken >= 0),
    CONSTRAINT ck_submissions_report_revision_positive CHECK (report_revision >= 1),
    CONSTRAINT uq_submissions_draft_id UNIQUE (draft_id),
    CONSTRAINT fk_submissions_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE,
    CONSTRAINT uq_submissions_result_token_hash UNIQUE (result_token_hash)
);

CREATE INDEX ix_submissions_newest ON submissions (submitted_at, id);

CREATE TABLE webhook_endpoints (
    id INTEGER NOT NULL,
    url TEXT NOT NULL,
    kind VARCHAR(8) DEFAULT 'standard' NOT NULL,
    field_map JSON DEFAULT '{}' NOT NULL,
    from_environment BOOLEAN NOT NULL,
    events JSON NOT NULL,
    includes_contact BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    disabled_reason VARCHAR(8),
    failing_since DATETIME,
    paused_until DATETIME,
    salt VARCHAR(64) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL,
    previous_salt VARCHAR(64),
    previous_until DATETIME,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (id),
    CONSTRAINT ck_webhook_endpoints_url_length CHECK (length(url) BETWEEN 1 AND 2000),
    CONSTRAINT ck_webhook_endpoints_kind_known CHECK (kind IN ('standard', 'flat', 'slack', 'discord', 'teams', 'hubspot')),
    CONSTRAINT ck_webhook_endpoints_disabled_reason_known CHECK (disabled_reason IN ('manual', 'failing', 'gone')),
    CONSTRAINT ck_webhook_endpoints_disabled_has_reason CHECK (active = (disabled_reason IS NULL)),
    CONSTRAINT ck_webhook_endpoints_previous_secret_ends CHECK ((previous_salt IS NULL) = (previous_until IS NULL))
);

CREATE TABLE api_answers (
    token_id INTEGER NOT NULL,
    key_hash VARCHAR(64) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    submission_id INTEGER NOT NULL,
    answer JSON NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_api_answers PRIMARY KEY (token_id, key_hash),
    CONSTRAINT fk_api_answers_token_id FOREIGN KEY(token_id) REFERENCES api_tokens (id) ON DELETE CASCADE,
    CONSTRAINT fk_api_answers_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
);

CREATE INDEX ix_api_answers_created_at ON api_answers (created_at);

CREATE INDEX ix_api_answers_submission_id ON api_answers (submission_id);

CREATE TABLE call_assessments (
    submission_id INTEGER NOT NULL,
    dimension VARCHAR(64) NOT NULL,
    assessment VARCHAR(8) NOT NULL,
    by_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_call_assessments PRIMARY KEY (submission_id, dimension),
    CONSTRAINT ck_call_assessments_assessment_known CHECK (assessment IN ('as_said', 'better', 'worse')),
    CONSTRAINT ck_call_assessments_dimension_length CHECK (length(dimension) BETWEEN 1 AND 64),
    CONSTRAINT fk_call_assessments_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_call_assessments_by_id FOREIGN KEY(by_id) REFERENCES staff_users (id)
);

CREATE INDEX ix_call_assessments_dimension ON call_assessments (dimension, assessment);

CREATE TABLE contacts (
    submission_id INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    email VARCHAR(254) NOT NULL,
    business VARCHAR(200) NOT NULL,
    phone VARCHAR(40),
    best_time VARCHAR(80),
    wants_consult BOOLEAN NOT NULL,
    consent_text TEXT NOT NULL,
    consented_at DATETIME NOT NULL,
    signs JSON DEFAULT '{}' NOT NULL,
    waiting_token BLOB,
    confirm_hash VARCHAR(64),
    CONSTRAINT pk_contacts PRIMARY KEY (submission_id),
    CONSTRAINT ck_contacts_name_length CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_contacts_email_length CHECK (length(email) BETWEEN 1 AND 254),
    CONSTRAINT ck_contacts_business_length CHECK (length(business) BETWEEN 1 AND 200),
    CONSTRAINT ck_contacts_phone_length CHECK (length(phone) BETWEEN 1 AND 40),
    CONSTRAINT ck_contacts_best_time_length CHECK (length(best_time) BETWEEN 1 AND 80),
    CONSTRAINT ck_contacts_consent_text_present CHECK (length(consent_text) >= 1),
    CONSTRAINT uq_contacts_confirm_hash UNIQUE (confirm_hash),
    CONSTRAINT fk_contacts_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
);

CREATE INDEX ix_contacts_email ON contacts (email);

CREATE TABLE documents (
    submission_id INTEGER NOT NULL,
    kind VARCHAR(32) NOT NULL,
    revision INTEGER NOT NULL,
    content BLOB NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    rendered_at DATETIME NOT NULL,
    CONSTRAINT pk_documents PRIMARY KEY (submission_id, kind),
    CONSTRAINT ck_documents_revision_positive CHECK (revision >= 1),
    CONSTRAINT ck_documents_content_present CHECK (length(content) > 0),
    CONSTRAINT fk_documents_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
);

CREATE INDEX ix_documents_rendered_at ON documents (rendered_at);

CREATE TABLE jobs (
    id INTEGER NOT NULL,
    kind VARCHAR(64) NOT NULL,
    payload JSON NOT NULL,
    dedupe_key VARCHAR(200) NOT NULL,
    submission_id INTEGER,
    state VARCHAR(8) NOT NULL,
    run_at DATETIME NOT NULL,
    priority INTEGER DEFAULT '0' NOT NULL,
    attempts INTEGER NOT NULL,
    lease_token VARCHAR(32),
    last_error TEXT,
    created_at DATETIME NOT NULL,
    finished_at DATETIME,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT ck_jobs_state_known CHECK (state IN ('ready', 'leased', 'done', 'failed')),
    CONSTRAINT ck_jobs_attempts_positive CHECK (attempts >= 0),
    CONSTRAINT ck_jobs_leased_has_token CHECK ((state = 'leased') = (lease_token IS NOT NULL)),
    CONSTRAINT ck_jobs_finished_has_time CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT uq_jobs_dedupe_key UNIQUE (dedupe_key),
    CONSTRAINT fk_jobs_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
);

CREATE INDEX ix_jobs_due ON jobs (run_at) WHERE state IN ('ready', 'leased');

CREATE INDEX ix_jobs_submission_id ON jobs (submission_id);

CREATE TABLE lead_events (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    by_id INTEGER,
    kind VARCHAR(32) NOT NULL,
    data JSON NOT NULL,
    version INTEGER,
    CONSTRAINT pk_lead_events PRIMARY KEY (id),
    CONSTRAINT ck_lead_events_kind_length CHECK (length(kind) BETWEEN 1 AND 32),
    CONSTRAINT fk_lead_events_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_lead_events_by_id FOREIGN KEY(by_id) REFERENCES staff_users (id)
);

CREATE INDEX ix_lead_events_kind ON lead_events (kind, at);

CREATE INDEX ix_lead_events_lead ON lead_events (submission_id, id);

CREATE TABLE lead_words (
    submission_id INTEGER NOT NULL,
    word VARCHAR(64) NOT NULL,
    CONSTRAINT pk_lead_words PRIMARY KEY (submission_id, word),
    CONSTRAINT ck_lead_words_word_present CHECK (length(word) >= 1),
    CONSTRAINT fk_lead_words_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE INDEX ix_lead_words_word ON lead_words (word, submission_id);

CREATE TABLE leads (
    submission_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    stage VARCHAR(16) NOT NULL,
    stage_since DATETIME NOT NULL,
    assignee_id INTEGER,
    offered_to_id INTEGER,
    offered_at DATETIME,
    first_contact_at DATETIME,
    clock_started_at DATETIME,
    due_at DATETIME,
    clock_hours TEXT,
    consult_at DATETIME,
    follow_up_on DATE,
    next_at DATETIME GENERATED ALWAYS AS (
        coalesce(
            CASE
                WHEN stage IN ('won', 'lost', 'not_a_fit') THEN NULL
                WHEN first_contact_at IS NULL AND due_at IS NOT NULL THEN due_at
                WHEN follow_up_on IS NOT NULL THEN follow_up_on || ' 00:00:00.000000'
                WHEN stage = 'consult_booked' THEN consult_at
                WHEN first_contact_at IS NOT NULL THEN stage_since
            END,
            '9000-01-01 00:00:00.000000'
        )
    ) STORED NOT NULL,
    won_amount BIGINT,
    won_currency VARCHAR(3),
    replaced JSON,
    suspect BOOLEAN DEFAULT 0 NOT NULL,
    pressed_at DATETIME,
    booking_hash VARCHAR(64),
    anonymised_at DATETIME,
    submitted_at DATETIME NOT NULL,
    demo BOOLEAN NOT NULL,
    archetype VARCHAR(64) NOT NULL,
    separation DOUBLE NOT NULL,
    handoff DOUBLE NOT NULL,
    source VARCHAR(200) NOT NULL,
    wants_consult BOOLEAN NOT NULL,
    CONSTRAINT pk_leads PRIMARY KEY (submission_id),
    CONSTRAINT ck_leads_stage_known CHECK (stage IN ('new', 'taken', 'reached', 'consult_booked', 'consult_held', 'won', 'lost', 'not_a_fit')),
    CONSTRAINT ck_leads_version_positive CHECK (version >= 1),
    CONSTRAINT ck_leads_offer_is_dated CHECK ((offered_to_id IS NULL) = (offered_at IS NULL)),
    CONSTRAINT ck_leads_amount_is_of_a_win CHECK ((won_amount IS NULL) = (won_currency IS NULL) AND (won_amount IS NULL OR stage = 'won')),
    CONSTRAINT ck_leads_won_amount_not_negative CHECK (won_amount >= 0),
    CONSTRAINT uq_leads_booking_hash UNIQUE (booking_hash),
    CONSTRAINT fk_leads_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_leads_assignee_id FOREIGN KEY(assignee_id) REFERENCES staff_users (id),
    CONSTRAINT fk_leads_offered_to_id FOREIGN KEY(offered_to_id) REFERENCES staff_users (id)
);

CREATE INDEX ix_leads_archetype ON leads (archetype, submitted_at, submission_id);

CREATE INDEX ix_leads_assignee ON leads (assignee_id, submitted_at, submission_id);

CREATE INDEX ix_leads_handoff ON leads (handoff, submission_id);

CREATE INDEX ix_leads_newest ON leads (submitted_at, submission_id);

CREATE INDEX ix_leads_next ON leads (next_at, submission_id);

CREATE INDEX ix_leads_offered_to_id ON leads (offered_to_id);

CREATE INDEX ix_leads_separation ON leads (separation, submission_id);

CREATE INDEX ix_leads_source ON leads (source, submitted_at, submission_id);

CREATE INDEX ix_leads_stage ON leads (stage, submitted_at, submission_id);

CREATE INDEX ix_leads_suspect ON leads (suspect, submitted_at, submission_id);

CREATE INDEX ix_leads_todo ON leads (assignee_id, next_at, submission_id);

CREATE INDEX ix_leads_waiting ON leads (due_at, submission_id) WHERE first_contact_at IS NULL;

CREATE TABLE notes (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    edited_at DATETIME,
    resolved_at DATETIME,
    resolved_by_id INTEGER,
    CONSTRAINT pk_notes PRIMARY KEY (id),
    CONSTRAINT ck_notes_text_length CHECK (length(text) BETWEEN 1 AND 4000),
    CONSTRAINT ck_notes_resolved_by_somebody CHECK ((resolved_at IS NULL) = (resolved_by_id IS NULL)),
    CONSTRAINT fk_notes_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_notes_author_id FOREIGN KEY(author_id) REFERENCES staff_users (id),
    CONSTRAINT fk_notes_resolved_by_id FOREIGN KEY(resolved_by_id) REFERENCES staff_users (id)
);

CREATE INDEX ix_notes_submission_id ON notes (submission_id);

CREATE TABLE notifications (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    occasion VARCHAR(32) NOT NULL,
    created_at DATETIME NOT NULL,
    actor_id INTEGER,
    recipient_id INTEGER,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT ck_notifications_kind_known CHECK (kind IN ('finished', 'contact_given', 'consult_wanted', 'consult_booked', 'consult_moved', 'consult_canceled', 'overdue', 'stage_changed', 'won', 'lost', 'note_added', 'deleted', 'handed_over', 'handed_back', 'assigned', 'digest')),
    CONSTRAINT uq_notifications_submission_id_kind_occasion UNIQUE (submission_id, kind, occasion),
    CONSTRAINT fk_notifications_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_notifications_actor_id FOREIGN KEY(actor_id) REFERENCES staff_users (id) ON DELETE CASCADE,
    CONSTRAINT fk_notifications_recipient_id FOREIGN KEY(recipient_id) REFERENCES staff_users (id) ON DELETE CASCADE
);

CREATE TABLE response_stats (
    id INTEGER NOT NULL,
    draft_id INTEGER,
    submission_id INTEGER,
    framed BOOLEAN DEFAULT 0 NOT NULL,
    furthest SMALLINT DEFAULT '0' NOT NULL,
    submitted BOOLEAN DEFAULT 0 NOT NULL,
    contact BOOLEAN DEFAULT 0 NOT NULL,
    consult BOOLEAN DEFAULT 0 NOT NULL,
    reached BOOLEAN DEFAULT 0 NOT NULL,
    booked BOOLEAN DEFAULT 0 NOT NULL,
    held BOOLEAN DEFAULT 0 NOT NULL,
    won BOOLEAN DEFAULT 0 NOT NULL,
    won_on DATE,
    won_amount BIGINT,
    won_currency VARCHAR(3),
    pressed BOOLEAN DEFAULT 0 NOT NULL,
    pressed_after INTEGER,
    booked_after INTEGER,
    held_after INTEGER,
    won_after INTEGER,
    suspect BOOLEAN DEFAULT 0 NOT NULL,
    cleared BOOLEAN DEFAULT 0 NOT NULL,
    confirmed BOOLEAN DEFAULT 0 NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR(8) NOT NULL,
    depth VARCHAR(8) NOT NULL,
    source VARCHAR(100) NOT NULL,
    CONSTRAINT pk_response_stats PRIMARY KEY (id),
    CONSTRAINT ck_response_stats_kind_known CHECK (kind IN ('real', 'demo', 'test')),
    CONSTRAINT ck_response_stats_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT ck_response_stats_source_length CHECK (length(source) <= 100),
    CONSTRAINT uq_response_stats_draft_id UNIQUE (draft_id),
    CONSTRAINT fk_response_stats_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE SET NULL,
    CONSTRAINT uq_response_stats_submission_id UNIQUE (submission_id),
    CONSTRAINT fk_response_stats_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE SET NULL
);

CREATE INDEX ix_response_stats_day ON response_stats (kind, day);

CREATE INDEX ix_response_stats_won_on ON response_stats (won_on);

CREATE TABLE deliveries (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR(16) NOT NULL,
    recipient VARCHAR(8) NOT NULL,
    address VARCHAR(254),
    user_id INTEGER,
    endpoint_id INTEGER,
    submission_id INTEGER,
    notification_id INTEGER,
    deleted_lead_id INTEGER,
    day DATE,
    token VARCHAR(32) NOT NULL,
    job_id INTEGER,
    created_at DATETIME NOT NULL,
    sent_at DATETIME,
    sent_via VARCHAR(8),
    subject VARCHAR(200) DEFAULT '' NOT NULL,
    body TEXT DEFAULT '' NOT NULL,
    attempts JSON DEFAULT '[]' NOT NULL,
    CONSTRAINT ck_deliveries_recipient_known CHECK (recipient IN ('owner', 'staff', 'webhook')),
    CONSTRAINT ck_deliveries_owner_has_address CHECK ((recipient = 'owner') = (address IS NOT NULL)),
    CONSTRAINT ck_deliveries_staff_has_user CHECK ((recipient = 'staff') = (user_id IS NOT NULL)),
    CONSTRAINT ck_deliveries_webhook_has_endpoint CHECK (recipient <> 'webhook' OR endpoint_id IS NOT NULL),
    CONSTRAINT ck_deliveries_address_length CHECK (length(address) BETWEEN 1 AND 254),
    CONSTRAINT ck_deliveries_sent_via_known CHECK (sent_via IN ('server', 'folder', 'webhook')),
    CONSTRAINT ck_deliveries_sent_is_known CHECK ((sent_at IS NULL) = (sent_via IS NULL)),
    CONSTRAINT fk_deliveries_user_id FOREIGN KEY(user_id) REFERENCES staff_users (id) ON DELETE CASCADE,
    CONSTRAINT fk_deliveries_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    CONSTRAINT fk_deliveries_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT fk_deliveries_notification_id FOREIGN KEY(notification_id) REFERENCES notifications (id) ON DELETE CASCADE,
    CONSTRAINT uq_deliveries_token UNIQUE (token),
    CONSTRAINT fk_deliveries_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE SET NULL
);

CREATE INDEX ix_deliveries_created_at ON deliveries (created_at);

CREATE INDEX ix_deliveries_endpoint ON deliveries (endpoint_id, id);

CREATE INDEX ix_deliveries_job_id ON deliveries (job_id);

CREATE INDEX ix_deliveries_notification_id ON deliveries (notification_id);

CREATE INDEX ix_deliveries_submission_id ON deliveries (submission_id);

CREATE INDEX ix_deliveries_user_id ON deliveries (user_id);

CREATE TABLE bookings (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    submission_id INTEGER NOT NULL,
    calendar VARCHAR(16) NOT NULL,
    uid VARCHAR(200) NOT NULL,
    state VARCHAR(16) NOT NULL,
    starts_at DATETIME NOT NULL,
    ends_at DATETIME NOT NULL,
    slot_at DATETIME,
    zone VARCHAR(64) NOT NULL,
    place TEXT DEFAULT '' NOT NULL,
    matched_by VARCHAR(8) NOT NULL,
    sequence INTEGER DEFAULT '0' NOT NULL,
    link_hash VARCHAR(64),
    created_at DATETIME NOT NULL,
    changed_at DATETIME NOT NULL,
    CONSTRAINT ck_bookings_calendar_known CHECK (calendar IN ('own', 'cal', 'calendly', 'savvycal')),
    CONSTRAINT ck_bookings_state_known CHECK (state IN ('requested', 'booked', 'canceled', 'no_show')),
    CONSTRAINT ck_bookings_matched_by_known CHECK (matched_by IN ('own', 'key', 'email', 'staff')),
    CONSTRAINT ck_bookings_uid_length CHECK (length(uid) BETWEEN 1 AND 200),
    CONSTRAINT ck_bookings_ends_after_start CHECK (starts_at < ends_at),
    CONSTRAINT ck_bookings_slot_is_of_own CHECK (slot_at IS NULL OR (calendar = 'own' AND state <> 'canceled' AND slot_at = starts_at)),
    CONSTRAINT uq_bookings_calendar_uid UNIQUE (calendar, uid),
    CONSTRAINT uq_bookings_slot_at UNIQUE (slot_at),
    CONSTRAINT fk_bookings_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE,
    CONSTRAINT uq_bookings_link_hash UNIQUE (link_hash)
);

CREATE INDEX ix_bookings_starts_at ON bookings (starts_at);

CREATE INDEX ix_bookings_submission_id ON bookings (submission_id);

CREATE TABLE calendars (
    provider VARCHAR(16) NOT NULL,
    path VARCHAR(64) NOT NULL,
    encrypted_secret BLOB NOT NULL,
    created_at DATETIME NOT NULL,
    received_at DATETIME,
    refused_at DATETIME,
    refused_because VARCHAR(32),
    CONSTRAINT pk_calendars PRIMARY KEY (provider),
    CONSTRAINT ck_calendars_provider_known CHECK (provider IN ('cal', 'calendly', 'savvycal')),
    CONSTRAINT uq_calendars_path UNIQUE (path)
);

CREATE TABLE calendar_events (
    id INTEGER NOT NULL,
    provider VARCHAR(16) NOT NULL,
    event_id VARCHAR(200) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    uid VARCHAR(200) NOT NULL,
    previous_uid VARCHAR(200),
    starts_at DATETIME,
    ends_at DATETIME,
    zone VARCHAR(64) DEFAULT 'UTC' NOT NULL,
    place TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    email TEXT DEFAULT '' NOT NULL,
    state VARCHAR(16) NOT NULL,
    submission_id INTEGER,
    matched_by VARCHAR(8),
    at DATETIME NOT NULL,
    received_at DATETIME NOT NULL,
    CONSTRAINT pk_calendar_events PRIMARY KEY (id),
    CONSTRAINT ck_calendar_events_provider_known CHECK (provider IN ('cal', 'calendly', 'savvycal')),
    CONSTRAINT ck_calendar_events_state_known CHECK (state IN ('new', 'done', 'unmatched', 'dismissed')),
    CONSTRAINT ck_calendar_events_kind_known CHECK (kind IN ('requested', 'booked', 'moved', 'canceled', 'no_show')),
    CONSTRAINT ck_calendar_events_matched_by_known CHECK (matched_by IN ('own', 'key', 'email', 'staff')),
    CONSTRAINT ck_calendar_events_event_id_length CHECK (length(event_id) BETWEEN 1 AND 200),
    CONSTRAINT ck_calendar_events_uid_length CHECK (length(uid) BETWEEN 1 AND 200),
    CONSTRAINT uq_calendar_events_provider_event_id UNIQUE (provider, event_id),
    CONSTRAINT fk_calendar_events_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id) ON DELETE CASCADE
);

CREATE INDEX ix_calendar_events_previous_uid ON calendar_events (previous_uid);

CREATE INDEX ix_calendar_events_received_at ON calendar_events (received_at);

CREATE INDEX ix_calendar_events_submission_id ON calendar_events (submission_id);

CREATE INDEX ix_calendar_events_uid ON calendar_events (uid);

CREATE TABLE busy_feeds (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    encrypted_url BLOB NOT NULL,
    busy JSON DEFAULT '[]' NOT NULL,
    read_at DATETIME,
    error TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_busy_feeds PRIMARY KEY (id),
    CONSTRAINT ck_busy_feeds_name_length CHECK (length(name) BETWEEN 1 AND 80)
);

-- A submission is frozen. Deleting it stays possible, or retention would not be.
CREATE TRIGGER submissions_frozen BEFORE UPDATE OF draft_id, submitted_at, edition, depth, wording, scorecard, separation, handoff, archetype, consult, seconds_taken, demo ON submissions
BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END;

-- Its link may become void when it is anonymized, and nothing else.
CREATE TRIGGER submissions_link_frozen BEFORE UPDATE OF result_token_hash ON submissions
WHEN NEW.result_token_hash <> 'gone-' || OLD.id
BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END;

-- With the link, the owner's own sentence may be removed, and nothing else: from the answers what was
-- typed as text, to a question without choices, and from the report `own_words`.
CREATE TRIGGER submissions_sentence_frozen BEFORE UPDATE OF answers, report ON submissions
WHEN NEW.result_token_hash <> 'gone-' || OLD.id
OR json(NEW.report) <> json_replace(OLD.report, '$.own_words', '')
OR (SELECT json_group_array(json_array(key, type, value)) FROM json_each(NEW.answers)) <> (
    SELECT json_group_array(json_array(key, type, value)) FROM json_each(OLD.answers)
    WHERE type <> 'text' OR json_extract(OLD.wording, '$."' || key || '".choices') IS NOT '{}'
)
BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
