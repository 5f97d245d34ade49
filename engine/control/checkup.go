package control

// Check is one thing that Twinday needs, looked at: a line of `twinday doctor`. Nothing
// private is in it: accounts are told by their number in the list of accounts, and servers of
// their own by the account's.
type Check struct {
	Name    string  `json:"name"` // "store", "keyring", "account 2", …
	Finding Finding `json:"finding"`
	Says    string  `json:"says"` // what was found
	// WayOut is what to do about it; "" where there is nothing to do.
	WayOut string `json:"wayOut,omitempty"`
}

// Finding is how well the thing is.
type Finding string

// The findings. A note is worth knowing and hinders nothing that the person asked for, or
// says that the thing could not be looked at.
const (
	OK      Finding = "ok"
	Note    Finding = "note"
	Trouble Finding = "problem"
)
