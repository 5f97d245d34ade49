package oauthsim

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authorize answers the consent address: GET shows the page (or redirects at
// once with AutoApprove), POST takes the owner's decision.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		s.ask(w, r)
	case http.MethodPost:
		s.decide(w, r)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// ask checks the request. What is wrong with the client or its redirect address
// is shown to the person and never sent to the address (RFC 6749 section
// 4.1.2.1); anything else goes back to the client.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts["authorize"]++
	q := r.URL.Query()
	client, redirect := q.Get("client_id"), q.Get("redirect_uri")
	switch {
	case client == "":
		s.refuse(w, "invalid_request", "Missing required parameter: client_id")
		return
	case s.opts.ClientID != "" && client != s.opts.ClientID:
		s.refuse(w, s.pick("invalid_client", "unauthorized_client"),
			s.pick("The OAuth client was not found.", "AADSTS700016: Application with identifier '"+client+"' was not found in the directory."))
		return
	case !s.redirectAllowed(redirect):
		s.refuse(w, s.pick("redirect_uri_mismatch", "invalid_request"),
			s.pick("The redirect URI in the request does not match the ones authorized for the OAuth client.",
				"AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application."))
		return
	}
	req := &request{
		client: client, redirect: redirect, state: q.Get("state"),
		challenge: q.Get("code_challenge"), nonce: q.Get("nonce"), prompt: q.Get("prompt"),
	}
	if code, text := s.faultOf(q, req); code != "" {
		if s.opts.Service == Google { // Google shows these on its own page, too
			s.refuse(w, code, text)
			return
		}
		back(w, r, req, url.Values{"error": {code}, "error_description": {text}})
		return
	}
	if f := s.failAuth; f != nil {
		s.failAuth = nil
		text := "The request could not be completed: " + f.code
		if f.aadsts != 0 {
			text = "AADSTS" + itoa(f.aadsts) + ": " + text
		}
		back(w, r, req, url.Values{"error": {f.code}, "error_description": {text}})
		return
	}
	if s.rule == Blocked { // both show it on their own page, and send nobody back
		s.refuse(w, s.pick("admin_policy_enforced", "access_denied"), s.pick(
			"Access blocked: your institution's admin needs to review this app.",
			"AADSTS53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."))
		return
	}
	if s.rule == AdminFirst && s.opts.Service == Outlook {
		s.needAdmin(w, r, req)
		return
	}
	if s.autoApprove {
		s.approve(w, r, req, req.scopes)
		return
	}
	if req.prompt == "none" {
		back(w, r, req, url.Values{"error": {"interaction_required"}, "error_description": {"The owner has to be asked."}})
		return
	}
	s.showConsent(w, s.keep(req), req)
}

// keep remembers a request while its page is shown, under a ticket that works once.
func (s *Server) keep(req *request) (ticket string) {
	if len(s.pending) >= maxPending {
		clear(s.pending)
	}
	ticket = s.secret("")
	s.pending[ticket] = req
	return ticket
}

// needAdmin is Microsoft's page for those who may not agree by themselves; its only
// way on leads back with an error (Microsoft Entra "User and admin consent overview").
func (s *Server) needAdmin(w http.ResponseWriter, r *http.Request, req *request) {
	if s.autoApprove {
		back(w, r, req, needsAdmin())
		return
	}
	req.adminFirst = true
	writePage(w, http.StatusOK, pageData{Title: "Need admin approval", Owner: s.opts.Owner, Ticket: s.keep(req), Client: req.client, Admin: true})
}

func needsAdmin() url.Values {
	return url.Values{"error": {"access_denied"}, "error_description": {"AADSTS90094: The grant requires admin permission."}}
}

// faultOf says what is wrong with a request whose client and redirect are good,
// and fills in its scopes. Both services accept requests without PKCE from old
// clients; this server insists, so that a client cannot forget it.
func (s *Server) faultOf(q url.Values, req *request) (code, text string) {
	var bad string
	req.scopes, bad = s.parseScopes(q.Get("scope"))
	switch {
	case q.Get("response_type") == "":
		return "invalid_request", s.pick("Required parameter is missing: response_type",
			"AADSTS900144: The request body must contain the following parameter: 'response_type'.")
	case q.Get("response_type") != "code":
		return "unsupported_response_type", "Invalid response_type: " + q.Get("response_type")
	case bad != "":
		return "invalid_scope", s.pick("Some requested scopes were invalid: ["+bad+"]",
			"AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope "+bad+" is not valid.")
	case len(req.scopes) == 0:
		return "invalid_request", s.pick("Missing required parameter: scope",
			"AADSTS900144: The request body must contain the following parameter: 'scope'.")
	case s.opts.Service == Outlook && q.Get("response_mode") != "" && q.Get("response_mode") != "query":
		return "invalid_request", "response_mode must be query"
	case req.challenge == "":
		return "invalid_request", "code_challenge is required"
	case q.Get("code_challenge_method") != "S256":
		return "invalid_request", "code_challenge_method must be S256"
	case len(req.challenge) != 43 || strings.Trim(req.challenge, base64URL) != "":
		return "invalid_request", "code_challenge is not a base64url SHA-256"
	}
	return "", ""
}

// redirectAllowed knows the loopback rules: Google takes the two loopback
// addresses on any port (Google "OAuth 2.0 for mobile & desktop apps");
// Microsoft http://localhost on any port with the registered path, and neither
// IPv6 nor a query (Microsoft "Redirect URI restrictions").
func (s *Server) redirectAllowed(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.Fragment != "" || u.User != nil {
		return false
	}
	if s.opts.Service == Google {
		return u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	}
	path := func(p string) string {
		if p == "" {
			return "/"
		}
		return p
	}
	return u.Hostname() == "localhost" && u.RawQuery == "" && path(u.Path) == path(s.opts.RedirectPath)
}

// decide takes the form of the consent page. A ticket works once.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		s.refuse(w, "invalid_request", "The form could not be read.")
		return
	}
	ticket := r.PostForm.Get("ticket")
	req := s.pending[ticket]
	if req == nil || req.device != nil {
		s.refuse(w, "invalid_request", "This page was answered already, or is too old.")
		return
	}
	delete(s.pending, ticket)
	if req.adminFirst { // "Return to the application without granting consent"
		back(w, r, req, needsAdmin())
		return
	}
	if r.PostForm.Get("decision") != "approve" {
		text := s.pick("", "AADSTS65004: User declined to consent to access the app.")
		v := url.Values{"error": {"access_denied"}}
		if text != "" {
			v.Set("error_description", text)
		}
		back(w, r, req, v)
		return
	}
	scopes := req.scopes
	if s.opts.Service == Google { // granular consent: only what stayed ticked
		scopes = slices.DeleteFunc(slices.Clone(scopes), func(sc string) bool {
			return choosable(sc) && !slices.Contains(r.PostForm["scope"], sc)
		})
	}
	s.approve(w, r, req, scopes)
}

// approve mints a code for the scopes and returns to the client.
func (s *Server) approve(w http.ResponseWriter, r *http.Request, req *request, scopes []string) {
	scopes = s.narrowed(scopes)
	value := s.secret(s.pick("4/0A", "0.AX"))
	s.codes[value] = &code{request: *req, granted: scopes, expires: s.opts.Now().Add(codeLife)}
	v := url.Values{"code": {value}}
	if s.opts.Service == Google {
		v.Set("scope", s.grantedText(scopes))
	}
	back(w, r, req, v)
}

// narrowed leaves out what NarrowScopes says.
func (s *Server) narrowed(scopes []string) []string {
	scopes = slices.Clone(scopes)
	if s.narrow == nil {
		return scopes
	}
	allowed, _ := s.parseScopes(strings.Join(s.narrow, " "))
	return slices.DeleteFunc(scopes, func(sc string) bool { return choosable(sc) && !slices.Contains(allowed, sc) })
}

// choosable scopes have a box of their own; the basic ones do not.
func choosable(scope string) bool {
	switch scope {
	case "openid", "email", "profile", "offline_access":
		return false
	}
	return true
}

// back redirects to the client with its state unchanged. An address without a
// path comes back with one.
func back(w http.ResponseWriter, r *http.Request, req *request, v url.Values) {
	u, err := url.Parse(req.redirect)
	if err != nil { // it was parsed when the request came
		http.Error(w, "bad redirect", http.StatusBadRequest)
		return
	}
	if u.Path == "" {
		u.Path = "/"
	}
	q := u.Query()
	for k := range v {
		q.Set(k, v.Get(k))
	}
	if req.state != "" {
		q.Set("state", req.state)
	}
	u.RawQuery = q.Encode()
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, u.String(), http.StatusFound)
}

// pick chooses by service.
func (s *Server) pick(google, outlook string) string {
	if s.opts.Service == Google {
		return google
	}
	return outlook
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>
 body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;color:#222}
 .box{border:1px solid #ccc;border-radius:8px;padding:1.5rem}
 label{display:block;margin:.4rem 0} button{font:inherit;padding:.4rem 1.4rem;margin-right:.6rem}
 small{color:#666}
</style></head><body><div class="box"><h2>{{.Title}}</h2>
{{if .Error}}<p>{{.Text}}</p><p><small>Error: {{.Error}}</small></p>
{{else if .Done}}<p>{{.Done}}</p>
{{else if .Code}}<form method="post"><label>Enter the code that your device shows: <input name="user_code" autocomplete="off"></label>
<p><button name="decision" value="next">Next</button></p></form>
{{else}}<p>Signed in as <b>{{.Owner.Name}}</b> ({{.Owner.Email}}).</p>
<form method="post"><input type="hidden" name="ticket" value="{{.Ticket}}">
{{if .Admin}}<p>{{.Client}} needs permission to access resources in your organization that only an admin can grant.</p>
<p><button name="decision" value="deny">Return to the application without granting consent</button></p>
{{else}}<p>{{.Client}} would like to:</p>
{{range .Scopes}}<label>{{if $.Boxes}}<input type="checkbox" name="scope" value="{{.}}"> {{else}}• {{end}}{{.}}</label>
{{end}}<p><button name="decision" value="approve">Approve</button><button name="decision" value="deny">Deny</button></p>{{end}}
</form><p><small>This is a simulated account on this computer. Nothing leaves it.</small></p>{{end}}
</div></body></html>
`))

type pageData struct {
	Title, Error, Text string
	Owner              Person
	Ticket, Client     string
	Scopes             []string
	Boxes              bool // as at Google: empty at first, as users report it since 2023
	Admin              bool
	Code               bool   // asks for a device's code
	Done               string // all that is left to say
}

func (s *Server) showConsent(w http.ResponseWriter, ticket string, req *request) {
	d := pageData{
		Title: "Sign in with simulated " + s.pick("Google", "Microsoft"), Owner: s.opts.Owner,
		Ticket: ticket, Client: req.client, Boxes: s.opts.Service == Google,
	}
	for _, sc := range req.scopes {
		if choosable(sc) {
			d.Scopes = append(d.Scopes, sc)
		}
	}
	writePage(w, http.StatusOK, d)
}

func (s *Server) refuse(w http.ResponseWriter, code, text string) {
	writePage(w, http.StatusBadRequest, pageData{Title: "Sign-in is not possible", Error: code, Text: text})
}

func writePage(w http.ResponseWriter, status int, d pageData) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = page.Execute(w, d) // a reader that went away needs no answer
}
