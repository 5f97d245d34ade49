package oauthsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// oauthError is a refusal of the token endpoint.
type oauthError struct {
	status int
	code   string // RFC 6749 section 5.2
	aadsts int    // Microsoft's number
	text   string
	sub    string // Microsoft's suberror
	claims string
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.fail(w, &oauthError{400, "invalid_request", 900144, "The request body must be form-encoded.", "", ""})
		return
	}
	f := r.PostForm
	grantType := f.Get("grant_type")
	s.counts[map[string]string{"authorization_code": "code", "refresh_token": "refresh", deviceGrant: "poll"}[grantType]]++
	if s.failToken != nil {
		e := &oauthError{status: s.failToken.status, code: s.failToken.code, text: s.pick("Bad Request", "The request failed."), aadsts: s.failToken.aadsts}
		if e.code == "interaction_required" {
			e.sub, e.claims = "basic_action", `{"access_token":{"capolids":{"essential":true,"values":["1"]}}}`
		}
		s.failToken = nil
		s.fail(w, e)
		return
	}
	client, e := s.client(r, f)
	if e == nil {
		switch grantType {
		case "authorization_code":
			e = s.exchange(w, r, f, client)
		case "refresh_token":
			e = s.renew(w, r, f, client)
		case deviceGrant:
			e = s.poll(w, r, f, client)
		case "":
			e = &oauthError{400, s.pick("unsupported_grant_type", "invalid_request"), 900144,
				s.pick("Invalid grant_type: ", "The request body must contain the following parameter: 'grant_type'."), "", ""}
		default:
			e = &oauthError{400, "unsupported_grant_type", 70003,
				s.pick("Invalid grant_type: "+grantType, "The app requested an unsupported grant type '"+grantType+"'."), "", ""}
		}
	}
	if e != nil {
		s.fail(w, e)
	}
}

// client finds out who asks. Google takes the secret in the form or as Basic
// authentication and compares it when sent; a public client of Microsoft may not
// send any (AADSTS700025).
func (s *Server) client(r *http.Request, f url.Values) (string, *oauthError) {
	id, secret := f.Get("client_id"), f.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		if s.opts.Service == Outlook && pass == "" && id == "" {
			return "", &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.", "", ""}
		}
		id, secret = unescape(user), unescape(pass)
	}
	if id == "" {
		return "", &oauthError{400, "invalid_request", 900144,
			s.pick("Could not determine client ID from request.", "The request body must contain the following parameter: 'client_id'."), "", ""}
	}
	if s.opts.ClientID != "" && id != s.opts.ClientID {
		if s.opts.Service == Google {
			return "", &oauthError{status: 401, code: "invalid_client", text: "The OAuth client was not found."}
		}
		return "", &oauthError{400, "unauthorized_client", 700016,
			"Application with identifier '" + id + "' was not found in the directory.", "", ""}
	}
	if s.opts.Service == Outlook {
		if secret != "" || f.Has("client_secret") || f.Has("client_assertion") {
			return "", &oauthError{401, "invalid_client", 700025,
				"Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", "", ""}
		}
		return id, nil
	}
	switch {
	case secret == "" && s.opts.RequireSecret:
		return "", &oauthError{status: 400, code: "invalid_request", text: "client_secret is missing."}
	case secret != "" && s.opts.ClientSecret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opts.ClientSecret)) != 1:
		return "", &oauthError{status: 401, code: "invalid_client", text: "Unauthorized"}
	}
	return id, nil
}

func unescape(v string) string {
	if u, err := url.QueryUnescape(v); err == nil {
		return u
	}
	return v
}

// exchange redeems a code: once, by the client, redirect and verifier it was
// made for.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, f url.Values, client string) *oauthError {
	for _, p := range []string{"code", "redirect_uri"} {
		if f.Get(p) == "" {
			return &oauthError{400, "invalid_request", 900144,
				s.pick("Missing required parameter: "+p, "The request body must contain the following parameter: '"+p+"'."), "", ""}
		}
	}
	c := s.codes[f.Get("code")]
	switch {
	case c == nil || c.client != client:
		return &oauthError{400, "invalid_grant", 9002313, s.pick("Malformed auth code.", "Invalid request. Request is malformed or invalid."), "", ""}
	case c.used:
		return &oauthError{400, "invalid_grant", 54005,
			s.pick("Bad Request", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."), "", ""}
	case !s.opts.Now().Before(c.expires):
		return &oauthError{400, "invalid_grant", 70008, s.pick("Bad Request", "The provided authorization code has expired."), "", ""}
	case c.redirect != f.Get("redirect_uri"):
		return &oauthError{400, s.pick("redirect_uri_mismatch", "invalid_client"), 500112,
			s.pick("Bad Request", "The reply address does not match the reply address provided when requesting Authorization code."), "", ""}
	}
	verifier := f.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	wellFormed := len(verifier) >= 43 && len(verifier) <= 128 && strings.Trim(verifier, base64URL+".~") == ""
	if !wellFormed || base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge {
		text := "Invalid code verifier."
		if verifier == "" {
			text = "Missing code verifier."
		}
		return &oauthError{400, "invalid_grant", 501481,
			s.pick(text, "The Code_Verifier does not match the code_challenge supplied in the authorization request."), "", ""}
	}
	c.used = true
	s.newGrant(w, r, client, c.granted, c.nonce)
	return nil
}

// newGrant answers with the first tokens of what the owner agreed to.
func (s *Server) newGrant(w http.ResponseWriter, r *http.Request, client string, scopes []string, nonce string) {
	g := &grant{client: client, scopes: scopes, nonce: nonce, given: s.opts.Now(), used: s.opts.Now()}
	// Installed Google apps always get a refresh token on the code exchange
	// (Google "OAuth 2.0 for mobile & desktop apps"); Microsoft wants
	// offline_access to be asked for.
	fresh := ""
	if s.opts.Service == Google || slices.Contains(g.scopes, "offline_access") {
		fresh = s.mintRefresh(g)
	}
	s.grantTokens(w, r, g, g.scopes, fresh)
}

// idle is how long a refresh token lives unused (Microsoft "Refresh tokens": 90 days;
// Google "Using OAuth 2.0 to Access Google APIs": six months), testing how long one of
// an unpublished Google project lives at all.
const (
	idleOutlook = 90 * 24 * time.Hour
	idleGoogle  = 182 * 24 * time.Hour
	testingLife = 7 * 24 * time.Hour
)

// stale says, by Microsoft's number, why a grant is too old, 0 if it is not.
func (s *Server) stale(g *grant) int {
	now := s.opts.Now()
	switch {
	case s.opts.Service == Outlook && now.Sub(g.used) >= idleOutlook:
		return 700082
	case s.opts.Service == Google && (now.Sub(g.used) >= idleGoogle || s.opts.Testing && now.Sub(g.given) >= testingLife):
		return 700082 // not shown: Google tells all deaths alike
	}
	return 0
}

// deaths are Microsoft's words for the ends of a grant.
var deaths = map[int]string{
	50133:  "Session is invalid due to expiration or recent password change.",
	50173:  "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
	700082: "The refresh token has expired due to inactivity.",
}

// renew answers a refresh. Google keeps the refresh token; Microsoft gives a new
// one and lets the old one live (Microsoft "Refresh tokens").
func (s *Server) renew(w http.ResponseWriter, r *http.Request, f url.Values, client string) *oauthError {
	old := f.Get("refresh_token")
	if old == "" {
		return &oauthError{400, "invalid_request", 900144,
			s.pick("Missing required parameter: refresh_token", "The request body must contain the following parameter: 'refresh_token'."), "", ""}
	}
	g := s.refresh[old]
	switch {
	case g == nil || g.client != client:
		return &oauthError{400, "invalid_grant", 9002313, s.pick("Token has been expired or revoked.", "Invalid request. Request is malformed or invalid."), "", ""}
	case !g.revoked && s.stale(g) != 0:
		g.revoked, g.number = true, s.stale(g)
	}
	switch {
	case g.revoked:
		return &oauthError{400, "invalid_grant", g.number, s.pick("Token has been expired or revoked.", deaths[g.number]), "bad_token", ""}
	case s.rule == Blocked:
		return &oauthError{400, s.pick("admin_policy_enforced", "invalid_grant"), 53003, s.pick("Access blocked by an administrator.",
			"Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."), "message_only", ""}
	}
	g.used = s.opts.Now()
	scopes := g.scopes
	if asked := f.Get("scope"); asked != "" {
		var bad string
		scopes, bad = s.parseScopes(asked)
		if bad != "" {
			return &oauthError{400, "invalid_scope", 70011, s.pick("Bad Request", "The scope "+bad+" is not valid."), "", ""}
		}
		if slices.ContainsFunc(scopes, func(sc string) bool { return !slices.Contains(g.scopes, sc) }) {
			return &oauthError{400, s.pick("invalid_scope", "invalid_grant"), 65001,
				s.pick("Bad Request", "The user or administrator has not consented to use the application."), "consent_required", ""}
		}
	}
	fresh := ""
	if s.opts.Service == Outlook {
		fresh = s.mintRefresh(g)
		if s.opts.StrictRotation {
			delete(s.refresh, old)
		}
	}
	s.grantTokens(w, r, g, scopes, fresh)
	return nil
}

// mintRefresh makes a refresh token; over the limit Google's oldest one dies
// without a word (Google "OAuth 2.0": refresh token expiration).
func (s *Server) mintRefresh(g *grant) string {
	t := s.secret(s.pick("1//0", "M.C5_"))
	s.refresh[t] = g
	s.refreshOrd = append(s.refreshOrd, t)
	if s.opts.Service == Google && len(s.refreshOrd) > maxRefresh {
		delete(s.refresh, s.refreshOrd[0])
		s.refreshOrd = s.refreshOrd[1:]
	}
	return t
}

func (s *Server) grantTokens(w http.ResponseWriter, r *http.Request, g *grant, scopes []string, refresh string) {
	token := s.secret(s.pick("ya29.a0", "EwB"))
	s.access[token] = &access{grant: g, scopes: slices.Clone(scopes), expires: s.opts.Now().Add(accessLife)}
	out := map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()), "scope": s.grantedText(scopes),
	}
	if s.opts.Service == Outlook {
		out["ext_expires_in"] = int(accessLife.Seconds())
	}
	if refresh != "" && !s.opts.OmitRefreshToken {
		out["refresh_token"] = refresh
	}
	if slices.Contains(scopes, "openid") {
		out["id_token"] = s.idToken(r, g, scopes)
	}
	writeJSON(w, http.StatusOK, out)
}

// idToken has the services' claims and an HS256 signature by a key that nobody
// else knows: good to read, impossible to verify, as for any client that trusts
// the channel it came through.
func (s *Server) idToken(r *http.Request, g *grant, scopes []string) string {
	now := s.opts.Now().Unix()
	sub := sha256.Sum256([]byte(s.opts.Service + "\n" + s.opts.Owner.Email))
	c := map[string]any{"iss": s.issuer(r), "aud": g.client, "sub": subject(s.opts.Service, sub), "iat": now, "exp": now + 3600}
	if g.nonce != "" {
		c["nonce"] = g.nonce
	}
	if hasScope(scopes, "email") {
		c["email"] = s.opts.Owner.Email
		if s.opts.Service == Google {
			c["email_verified"] = true
		}
	}
	if hasScope(scopes, "profile") {
		c["name"] = s.opts.Owner.Name
	}
	if s.opts.Service == Google {
		c["azp"] = g.client
	} else {
		c["tid"], c["ver"] = msTenant, "2.0"
		if hasScope(scopes, "profile") {
			c["preferred_username"], c["oid"] = s.opts.Owner.Email, subject(Outlook, sha256.Sum256(sub[:]))
		}
	}
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // strings and numbers always marshal
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(c)
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// subject is a stable id of the owner: digits for Google, opaque for Microsoft.
func subject(service string, sum [32]byte) string {
	if service != Google {
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	digits := make([]byte, 21)
	for i := range digits {
		digits[i] = '0' + sum[i]%10
	}
	digits[0] = '1'
	return string(digits)
}

// revoke is Google's: either token of a grant kills the pair. Microsoft has no
// such endpoint.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts["revoke"]++
	if err := r.ParseForm(); err != nil {
		s.fail(w, &oauthError{status: 400, code: "invalid_request", text: "Bad Request"})
		return
	}
	t := r.Form.Get("token")
	g := s.refresh[t]
	if a := s.access[t]; a != nil && s.opts.Now().Before(a.expires) {
		g = a.grant
	}
	if g == nil || g.revoked {
		s.fail(w, &oauthError{status: 400, code: "invalid_token", text: "Token expired or revoked"})
		return
	}
	g.revoked, g.number = true, 50173
	writeJSON(w, http.StatusOK, map[string]any{})
}

func (s *Server) fail(w http.ResponseWriter, e *oauthError) {
	if s.opts.Service == Google {
		writeJSON(w, e.status, map[string]any{"error": e.code, "error_description": e.text})
		return
	}
	trace, corr, when := s.guid(), s.guid(), s.opts.Now().UTC().Format("2006-01-02 15:04:05Z")
	number := itoa(e.aadsts)
	out := map[string]any{
		"error": e.code, "error_codes": []int{e.aadsts}, "timestamp": when, "trace_id": trace, "correlation_id": corr,
		"error_description": "AADSTS" + number + ": " + e.text + " Trace ID: " + trace + " Correlation ID: " + corr + " Timestamp: " + when,
		"error_uri":         "https://login.microsoftonline.com/error?code=" + number,
	}
	if e.sub != "" {
		out["suberror"] = e.sub
	}
	if e.claims != "" {
		out["claims"] = e.claims
	}
	writeJSON(w, e.status, out)
}
