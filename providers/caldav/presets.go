package caldav

// Preset is a service that people know by name: where it is, and what to give.
type Preset struct {
	Name string
	// URL is its address; "USER" and "HOST" in it are for the person to fill in.
	URL string
	// Hint says what name and password it wants.
	Hint string
}

// Presets are the services that are offered by name, the most used first.
func Presets() []Preset {
	return []Preset{
		{"iCloud", "https://caldav.icloud.com", "Your Apple Account's address, and an app-specific password from account.apple.com, Sign-In and Security."},
		{"Fastmail", "https://caldav.fastmail.com", "Your Fastmail address, and an app password from Settings, Privacy & Security, with access to calendars."},
		{"Nextcloud", "https://HOST/remote.php/dav", "Your user name there, and an app password from Settings, Security, Devices & sessions."},
		{"mailbox.org", "https://dav.mailbox.org", "Your mailbox.org address and password; with two factors, an app password."},
		{"Posteo", "https://posteo.de:8443", "Your Posteo address and password. Calendars must not be encrypted there, or be unlocked by the same password."},
		{"Zoho", "https://calendar.zoho.com", "Your Zoho address, and an application-specific password from accounts.zoho.com, Security. In Europe: https://calendar.zoho.eu."},
		{"Radicale", "https://HOST:5232", "The user name and password of that server."},
	}
}
