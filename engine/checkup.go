package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// Whoever asks for a check-up looks on meanwhile: each look ends in seconds.
const (
	storeLimit   = 5 * time.Second // writers wait for it as well
	knockLimit   = 5 * time.Second // no answer by then is none that a person would wait for
	accountLimit = 8 * time.Second // renews the sign-in, and lists the calendars
)

const (
	// clockLimit is how far two clocks may be apart. Services take a few minutes for none
	// (Microsoft's sign-in takes five), and 'the later edit wins' goes by the services' own.
	clockLimit = 2 * time.Minute
	// leastRoom is what the disk should have left: bbolt grows a file by 16 MB at once, and a
	// backup or a compaction writes the whole store again.
	leastRoom = 64 << 20
	// backupAge is after how long a backup is late: there is one a day.
	backupAge = 72 * time.Hour
)

// Checkup looks at all that the engine needs, everything at once.
func (e *Engine) Checkup(ctx context.Context) ([]control.Check, error) {
	accounts, err := e.accounts()
	if err != nil {
		return e.checkBroken(ctx), nil
	}
	var work sync.WaitGroup
	var storeCheck control.Check
	var folder, keyring []control.Check
	var knocks []knock
	asked := make([]asking, len(accounts))
	work.Go(func() { storeCheck = e.checkStore(ctx) })
	work.Go(func() { folder = e.checkFolder() })
	work.Go(func() { keyring = []control.Check{e.checkKeyring()} })
	work.Go(func() { knocks = e.knock(ctx, accounts) })
	for i, a := range accounts {
		work.Go(func() { asked[i] = e.askAccount(ctx, a) })
	}
	work.Wait()
	out := slices.Concat([]control.Check{storeCheck}, folder, keyring, e.judgeNetwork(accounts, knocks), []control.Check{judgeClock(knocks)})
	s, err := e.Status(ctx)
	if err != nil {
		return e.checkBroken(ctx), nil
	}
	for i, a := range s.Accounts {
		if i < len(asked) {
			out = append(out, judgeAccount(i, a, asked[i]))
		}
	}
	return append(out, judgeSync(s)), nil
}

// checkBroken is a check-up of a store that does not tell which accounts there are.
func (e *Engine) checkBroken(ctx context.Context) []control.Check {
	s := e.checkStore(ctx)
	if s.Finding == control.OK { // it was whole, but what lies in it makes no sense
		s = found(control.Trouble, s.Name, putBack, "what it says of your accounts cannot be read")
	}
	return append([]control.Check{s}, e.checkFolder()...)
}

func found(f control.Finding, name, wayOut, format string, args ...any) control.Check {
	return control.Check{Name: name, Finding: f, Says: fmt.Sprintf(format, args...), WayOut: wayOut}
}

func fine(name, format string, args ...any) control.Check {
	return found(control.OK, name, "", format, args...)
}

// putBack is what helps a store that is damaged.
const putBack = "'twinday quit', then 'twinday restore' puts the last good backup in its place; nothing in your calendars is lost by it."

// checkStore has the store look at itself.
func (e *Engine) checkStore(ctx context.Context) control.Check {
	const name = "store"
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	err := e.Store.CheckWithin(ctx)
	switch {
	case err == nil:
		return fine(name, "it opens, is of version %d, and its own check finds nothing wrong", e.Store.Schema())
	case errors.Is(err, ctx.Err()):
		return found(control.Note, name, "", "it opens, and is of version %d; it is too large to be checked within %v, but each day's backup is, as a whole", e.Store.Schema(), storeLimit)
	}
	if told, ok := errors.AsType[*store.DamagedError](err); ok {
		return found(control.Trouble, name, told.WayOut(), "%s", strings.ToLower(told.What()[:1])+told.What()[1:])
	}
	e.Log.Error("the store's check", "findings", err) // they name calendars
	n := 1
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		n = len(all.Unwrap())
	}
	return found(control.Trouble, name, putBack, "it is damaged: its own check finds %s wrong", plural(n, "thing", "things"))
}

// checkFolder looks at the folder that the store is in, and at its backups.
func (e *Engine) checkFolder() (out []control.Check) {
	const name = "folder"
	f, err := e.Store.Folder()
	var refused *store.SaveError
	switch {
	case err != nil:
		return append(out, found(control.Trouble, name, "See that the data folder is yours to read and to write.", "the data folder cannot be looked at (%s)", cause(err)))
	case e.Store.Unwritable() != nil, errors.As(f.Refused, &refused) && refused.Why == store.DiskReadOnly:
		out = append(out, found(control.Trouble, name, "Make the data folder and what is in it yours to write, or choose another one with --data. Nothing is synced until then.",
			"the data folder can only be read"))
	case errors.As(f.Refused, &refused) && refused.Why == store.DiskFull:
		out = append(out, found(control.Trouble, name, "Free some space on the disk that holds the data folder. Nothing is synced until then.", "the disk is full"))
	case f.Refused != nil:
		out = append(out, found(control.Trouble, name, "Look at the disk that holds the data folder.", "the data folder takes no file (%s)", cause(f.Refused)))
	case len(f.Open) > 0:
		out = append(out, found(control.Trouble, name, "Close the data folder to them: 'chmod -R go= FOLDER' ('twinday status --json' tells which, as dataDir).",
			"other users of this computer can read %s in the data folder", plural(len(f.Open), "file", "files")))
	case f.Known && f.Room < leastRoom+2*uint64(f.Size):
		out = append(out, found(control.Trouble, name, "Free some space on the disk that holds the data folder.", "the disk has only %s left; the store has %s, and a backup is a copy of it", size(f.Room), size(uint64(f.Size))))
	case f.Known:
		out = append(out, fine(name, "it can be written, and is yours alone; the store has %s, the disk %s left", size(uint64(f.Size)), size(f.Room)))
	default:
		out = append(out, fine(name, "it can be written, and is yours alone; the store has %s", size(uint64(f.Size))))
	}
	return append(out, e.checkBackups())
}

func (e *Engine) checkBackups() control.Check {
	const name, daily = "backup", "One is made a day while Twinday runs: 'twinday autostart on' starts it at login."
	have, err := store.Backups(e.Store.Path())
	switch {
	case err != nil:
		return found(control.Trouble, name, "See that the folder 'backups' in the data folder is yours to read and to write.", "backups cannot be looked for (%s)", cause(err))
	case len(have) == 0:
		return found(control.Note, name, daily, "there is none yet")
	}
	age := e.Now().Sub(have[0].Time)
	if age > backupAge {
		return found(control.Note, name, daily, "the last is %d days old", int(age.Hours()/24))
	}
	return fine(name, "the last is of %s; %s kept", have[0].Time.Local().Format("2 Jan 2006 15:04"), plural(len(have), "is", "are"))
}

// size is a number of bytes for a person.
func size(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}

// testEntry is what is kept in the keyring for a moment: no account can be called so.
const testEntry = "a test entry"

// checkKeyring keeps something in the system's keyring, and says where sign-ins are.
func (e *Engine) checkKeyring() control.Check {
	const name = "keyring"
	kept := map[place]int{}
	accounts, err := e.accounts()
	for _, a := range accounts {
		p, wrong := e.place(a.ID)
		err = errors.Join(err, wrong)
		kept[p]++
	}
	if err != nil {
		return found(control.Trouble, name, putBack, "where sign-ins are kept cannot be read")
	}
	var where []string
	for _, p := range []place{inKeyring, inSealed, inPlain} {
		words := map[place]string{inKeyring: "in it", inSealed: "in a file with a passphrase", inPlain: "in a plain file that your other programs can read"}
		if n := kept[p]; n > 0 {
			where = append(where, plural(n, "sign-in is ", "sign-ins are ")+words[p])
		}
	}
	told := strings.Join(where, ", ")
	silence := func(why error) string {
		return strings.TrimLeft(strings.TrimPrefix(bare(why), secrets.ErrUnavailable.Error()), ": ")
	}
	if told != "" {
		told = "; " + told
	}
	why := e.keyringWorks()
	switch {
	case why == nil && kept[inPlain] > 0:
		return found(control.Note, name, "Sign in to that account again: its sign-in moves to the keyring ('twinday account list' names it).", "the system's keyring works%s", told)
	case why == nil:
		return fine(name, "the system's keyring took a test entry, gave it back, and forgot it%s", told)
	case kept[inKeyring] > 0:
		return found(control.Trouble, name, "Unlock the system's keyring, or start one (GNOME Keyring, KWallet, KeePassXC). Where there is none, 'twinday account add … --passphrase' signs in again and keeps the sign-in in a file that a passphrase opens.",
			"the system's keyring does not answer (%s)%s", silence(why), told)
	}
	way := "To sign in without one, 'twinday account add … --passphrase' keeps the sign-in in a file that a passphrase opens."
	if kept[inSealed] > 0 {
		way = "" // that is what they do
	}
	return found(control.Note, name, way, "the system's keyring does not answer (%s)%s", silence(why), told)
}

// keyringWorks keeps an entry in the keyring, reads it and deletes it.
func (e *Engine) keyringWorks() error {
	if err := e.noKeyring(); err != nil {
		return err
	}
	value := e.Now().Format(time.RFC3339Nano)
	if err := e.Secrets.Save(testEntry, value); err != nil {
		return err
	}
	back, err := e.Secrets.Load(testEntry)
	if err == nil && back != value {
		err = errors.New("it gives back something else than it was given")
	}
	return errors.Join(err, e.Secrets.Delete(testEntry))
}

// bare is the cause of an error without what may be private in it.
func bare(err error) string {
	p := newPrivacy()
	if home, err := os.UserHomeDir(); err == nil {
		p.hide(home, "~")
	}
	words, _, _ := strings.Cut(p.clean(cause(err)), "\n")
	return words
}

// knock is one server that was tried.
type knock struct {
	server  string // what it may be called
	skew    time.Duration
	dated   bool // it told its time; skew is how much ours is ahead
	trouble error
}

// placesOf are the servers that an account speaks to, by scheme and host: all that is told
// to them by a knock. A calendar in a file has none.
func (e *Engine) placesOf(a state.Account) (list []string) {
	r := a.Reach()
	addresses := []string{r.BaseURL, r.TokenURL}
	if c := e.Connectors[a.Provider]; r.BaseURL == "" && c != nil {
		addresses = append(addresses, c.Offers().Places...)
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			continue
		}
		if place := u.Scheme + "://" + u.Host + "/"; !slices.Contains(list, place) {
			list = append(list, place)
		}
	}
	return list
}

// knock tries the servers of the accounts, each once, all at the same time.
func (e *Engine) knock(ctx context.Context, accounts []state.Account) []knock {
	if e.Reach == nil {
		return nil
	}
	var addresses []string
	var knocks []knock
	for i, a := range accounts {
		for _, address := range e.placesOf(a) {
			if slices.Contains(addresses, address) {
				continue
			}
			addresses = append(addresses, address)
			server := fmt.Sprintf("the server of account %d", i+1)
			if u, err := url.Parse(address); err == nil && a.Endpoint.BaseURL == "" && a.Endpoint.TokenURL == "" {
				server = u.Host // everybody's
			}
			knocks = append(knocks, knock{server: server})
		}
	}
	ctx, cancel := context.WithTimeout(ctx, knockLimit)
	defer cancel()
	var work sync.WaitGroup
	for i, address := range addresses {
		work.Go(func() {
			k, began := &knocks[i], e.Now()
			var there time.Time
			there, k.trouble = e.Reach(ctx, address)
			ended := e.Now()
			if k.trouble == nil && !there.IsZero() {
				k.dated, k.skew = true, began.Add(ended.Sub(began)/2).Sub(there)
			}
		})
	}
	work.Wait()
	return knocks
}

// judgeNetwork says what became of the knocks, once for each cause.
func (e *Engine) judgeNetwork(accounts []state.Account, knocks []knock) (out []control.Check) {
	const name = "network"
	type failure struct{ says, wayOut string }
	var answer []string
	failed := map[failure][]string{}
	var order []failure
	for _, k := range knocks {
		if k.trouble == nil {
			answer = append(answer, k.server)
			continue
		}
		var f failure
		f.says, f.wayOut = unreached(k.trouble)
		if failed[f] == nil {
			order = append(order, f)
		}
		if !slices.Contains(failed[f], k.server) {
			failed[f] = append(failed[f], k.server)
		}
	}
	answer = slices.Compact(answer)
	switch {
	case len(accounts) == 0:
		return []control.Check{found(control.Note, name, "'twinday account add' connects one.", "no account is connected, so no server was asked")}
	case len(knocks) == 0:
		return []control.Check{fine(name, "your accounts need none")}
	case len(order) == 0:
		return []control.Check{fine(name, "every server of your accounts answers: %s", strings.Join(answer, ", "))}
	case len(answer) == 0 && !slices.ContainsFunc(knocks, func(k knock) bool { return !offline(k.trouble) }):
		return []control.Check{found(control.Trouble, name, "Connect this computer to the network; Twinday goes on by itself then.",
			"no server of your accounts can be reached: this computer seems to be offline")}
	}
	for _, f := range order {
		out = append(out, found(control.Trouble, name, f.wayOut, "%s cannot be reached: %s", strings.Join(failed[f], ", "), f.says))
	}
	return out
}

// offline reports whether a failure is one that a computer without a network meets.
func offline(err error) bool {
	var at *net.OpError
	var name *net.DNSError
	return errors.As(err, &name) || errors.As(err, &at) && at.Op == "dial" && !at.Timeout() && strings.Contains(at.Error(), "unreachable")
}

// unreached says in words why a server could not be reached, and what helps.
func unreached(err error) (says, wayOut string) {
	const again = "Twinday tries again by itself."
	var proxied *net.OpError
	var name *net.DNSError
	var invalid x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &proxied) && (proxied.Op == "proxyconnect" || strings.HasPrefix(proxied.Op, "socks")):
		return "the proxy does not let Twinday through (" + bare(err) + ")",
			"Look at the proxy in 'twinday settings'; 'twinday settings set --proxy … --proxy-user … --proxy-password' changes it, '--proxy none' goes without."
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "what answers has a certificate that this computer does not know",
			"Your network looks into what passes (or somebody does): 'twinday settings set --root-certificate FILE' has Twinday trust your company's root certificate; or use another network."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is too old, or too new, by this computer's clock", "See that this computer's date and time are right; if they are, the server's certificate has to be renewed."
	case errors.As(err, new(x509.HostnameError)), errors.As(err, new(tls.RecordHeaderError)), errors.Is(err, http.ErrSchemeMismatch):
		return "something else answers in its place", "If this is the network of a hotel or a train, open a page in the browser and get through its sign-in first."
	case errors.As(err, &name) && name.IsNotFound:
		return "its name is not found", "See that the network's name service (DNS) works: does a browser open any page? For a server of your own, see that its address is still right. " + again
	case errors.As(err, &name):
		return "its name cannot be looked up", "See that the network's name service (DNS) works: does a browser open any page? " + again
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer within %v", knockLimit), "See whether a firewall or a VPN stands in the way; behind a company's proxy, 'twinday settings set --proxy …' says where it is. " + again
	}
	return bare(err), "Check the network. " + again
}

// judgeClock compares this computer's clock with those of the servers: if one agrees, it is
// the others that are wrong.
func judgeClock(knocks []knock) control.Check {
	const name = "clock"
	best, dated := time.Duration(0), false
	for _, k := range knocks {
		if k.dated && (!dated || k.skew.Abs() < best.Abs()) {
			best, dated = k.skew, true
		}
	}
	switch {
	case !dated:
		return found(control.Note, name, "", "no server told its time to compare with")
	case best.Abs() <= clockLimit:
		return fine(name, "it agrees with the servers'")
	}
	way := map[bool]string{true: "ahead", false: "behind"}[best > 0]
	return found(control.Trouble, name, "Have the system set its clock by itself (date and time in its settings; on Linux 'timedatectl set-ntp true'). Sign-ins fail on a wrong clock, and what lies near is taken for past.",
		"this computer's clock is %s %s", span(best.Abs()), way)
}

// span is a length of time for a person, of minutes at least.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// asking is what came of asking an account for its calendars.
type asking struct {
	calendars int
	trouble   error
	skipped   bool // it waits for somebody: asking would not help
}

// askAccount asks an account for its calendars, which proves its sign-in. What it finds out
// stands in the account's condition then; the list itself is not kept.
func (e *Engine) askAccount(ctx context.Context, a state.Account) (out asking) {
	if a.SignedOut || e.locked(a.ID) || e.waiting(a.ID) {
		return asking{skipped: true}
	}
	ctx, cancel := context.WithTimeout(ctx, accountLimit)
	defer cancel()
	p, err := e.provider(a)
	if err == nil {
		p.Hurry()
		err = p.Knock(ctx)
	}
	if err == nil {
		var list []calendar.Calendar
		list, err = p.Calendars(ctx)
		out.calendars = len(list)
	}
	if err != nil {
		out.trouble = err
		e.trouble(ctx, state.Ref{Account: a.ID}, err)
	}
	return out
}

// services are what the accounts' providers are called.
var services = map[state.ProviderKind]string{state.Google: "Google", state.Outlook: "Outlook", state.CalDAV: "CalDAV", state.ICS: "published calendar"}

// ended are conditions in words that name nobody.
var ended = map[control.Condition]string{
	control.NeedsConsent:  "its sign-in has ended",
	control.NeedsAdmin:    "its organisation wants an administrator to allow Twinday first",
	control.Blocked:       "its organisation's rules block Twinday",
	control.ClientRefused: "the service does not take the client id that Twinday uses for it",
	control.Locked:        "its sign-in waits for your passphrase",
}

// judgeAccount says how an account fares: the i-th, told by its number.
func judgeAccount(i int, a control.AccountState, asked asking) control.Check {
	about := func(f control.Finding, wayOut, format string, args ...any) control.Check {
		return found(f, fmt.Sprintf("account %d", i+1), wayOut, "%s: %s", services[a.Provider], fmt.Sprintf(format, args...))
	}
	const which = " 'twinday account list' says which account this is, and the command."
	switch {
	case errors.Is(asked.trouble, secrets.ErrUnavailable):
		return about(control.Trouble, "See 'keyring'.", "its sign-in cannot be read, for the keyring does not answer")
	case a.Condition == control.Locked:
		return about(control.Trouble, "'twinday unlock' gives it to the Twinday that runs; for single commands TWINDAY_PASSPHRASE_FILE names a file that holds it.", "%s", ended[a.Condition])
	case ended[a.Condition] != "", a.Condition == control.LacksScope && a.SignedOut:
		says := ended[a.Condition]
		if says == "" {
			says = "a permission that Twinday needs was left out"
		}
		return about(control.Trouble, a.WayOut.Text+which, "%s", says)
	case a.Condition == control.Throttled:
		return about(control.Note, a.WayOut.Text, "the service asks for patience; tried again at %s", clockTime(a.Until))
	case asked.trouble != nil && errors.Is(asked.trouble, context.DeadlineExceeded):
		return about(control.Trouble, "See 'network'; Twinday tries again by itself.", "no answer within %v", accountLimit)
	case asked.trouble != nil && (calendar.KindOf(asked.trouble) == calendar.Unavailable || isResting(asked.trouble)):
		return about(control.Trouble, "See 'network'; Twinday tries again by itself.", "it cannot be reached, so its sign-in was not tried")
	case asked.trouble != nil:
		return about(control.Trouble, wayOut(asked.trouble)+which, "it does not give the list of its calendars")
	case a.Condition == control.LacksScope:
		return about(control.Note, a.WayOut.Text+which, "its sign-in works; a permission that was ticked was not given")
	}
	return about(control.OK, "", "its sign-in works, with %s", plural(asked.calendars, "calendar", "calendars"))
}

// judgeSync says whether syncing goes on.
func judgeSync(s control.Status) control.Check {
	const name = "syncing"
	amiss, watching := 0, 0
	for _, p := range s.Problems {
		if p.Account == "" || p.Ref != (state.Ref{}) { // of accounts each has its own line
			amiss++
		}
	}
	for _, m := range s.Mirrors {
		if m.Watching != nil {
			watching++
		}
	}
	switch {
	case amiss > 0:
		return found(control.Trouble, name, "'twinday status' names them, each with what helps.", "%s", plural(amiss, "thing is wrong with a calendar or the disk", "things are wrong with calendars or the disk"))
	case len(s.Accounts) == 0:
		return found(control.Note, name, "'twinday account add google', or outlook, caldav or ics, connects one.", "no account is connected yet")
	case len(s.Mirrors) == 0:
		return found(control.Note, name, "'twinday calendar list' shows the calendars, 'twinday mirror add' has some mirror each other.", "no calendars mirror each other yet")
	case !s.PausedUntil.IsZero():
		return found(control.Note, name, "'twinday resume' goes on.", "it is paused")
	case watching > 0:
		return found(control.Note, name, "'twinday mirror take-over' has this one keep them, if the other is gone.", "%s kept by another Twinday; this one only watches", plural(watching, "mirror is", "mirrors are"))
	case s.Held > 0:
		return found(control.Note, name, "'twinday held' shows them; 'held apply' and 'held drop' decide.", "%s", plural(s.Held, "change waits for your decision", "changes wait for your decision"))
	case !s.Quiet.IsZero():
		return fine(name, "it rests in the quiet hours that you set, until %s", clockTime(s.Quiet))
	case s.LastSync.IsZero():
		return found(control.Note, name, "'twinday sync' does it now.", "there was no good sync yet")
	}
	return fine(name, "the last good sync was on %s", s.LastSync.Local().Format("2 Jan 2006 15:04"))
}
