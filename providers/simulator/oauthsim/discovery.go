package oauthsim

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// discovery is the OpenID Connect configuration. It lists what is served here
// and nothing else; there is no jwks_uri, because id tokens cannot be verified.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	base := origin(r)
	out := map[string]any{
		"issuer":                                s.issuer(r),
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":      []string{"S256"},
		"subject_types_supported":               []string{s.pick("public", "pairwise")},
		"id_token_signing_alg_values_supported": []string{"HS256"},
	}
	if s.opts.Service == Google {
		out["authorization_endpoint"] = base + "/o/oauth2/v2/auth"
		out["token_endpoint"] = base + "/token"
		out["revocation_endpoint"] = base + "/revoke"
		out["scopes_supported"] = []string{"openid", "email", "profile"}
	} else {
		tenant := r.PathValue("tenant")
		if tenant == "common" || tenant == "organizations" {
			out["issuer"] = base + "/{tenantid}/v2.0" // literally, as the real document says
		}
		out["authorization_endpoint"] = base + "/" + tenant + "/oauth2/v2.0/authorize"
		out["token_endpoint"] = base + "/" + tenant + "/oauth2/v2.0/token"
		out["scopes_supported"] = []string{"openid", "profile", "email", "offline_access"}
		out["response_modes_supported"] = []string{"query"}
		out["device_authorization_endpoint"] = base + "/" + tenant + "/oauth2/v2.0/devicecode"
		out["grant_types_supported"] = []string{"authorization_code", "refresh_token", deviceGrant}
	}
	writeJSON(w, http.StatusOK, out)
}

// issuer is the account's own for Microsoft, whatever tenant was asked (a client
// that compares it with /common fails, as it would at the real service).
func (s *Server) issuer(r *http.Request) string {
	if s.opts.Service == Google {
		return origin(r)
	}
	return origin(r) + "/" + msTenant + "/v2.0"
}

func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func itoa(n int) string { return strconv.Itoa(n) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader that went away needs no answer
}
