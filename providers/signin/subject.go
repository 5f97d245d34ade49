package signin

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Subject is as whom the provider knows the person of an id token, whatever mail address
// they have just now; "" if the token does not say, or there is none. It is Microsoft's
// object and tenant id ("ID token claims reference": oid with tid is the same for all
// apps, sub is not). Like Claims it takes the token only from where it is minted.
func Subject(idToken string) string {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return ""
	}
	var c struct {
		OID string `json:"oid"`
		TID string `json:"tid"`
	}
	if json.Unmarshal(payload, &c) != nil || c.OID == "" || c.TID == "" {
		return ""
	}
	return c.OID + "@" + c.TID
}
