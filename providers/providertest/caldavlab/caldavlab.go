//go:build linux

// Package caldavlab starts CalDAV servers that nobody here wrote, for tests: Cyrus (the
// one behind Fastmail), Radicale and Xandikos, as Debian packages them, on loopback and
// in folders that go with the test.
//
// It imports nothing of this project. A server that is not installed fails the test:
// `make deps` installs them.
package caldavlab

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Password is that of every user to begin with.
const Password = "secret"

// Server is a server under way.
type Server struct {
	Name string
	// Base is its root, "http://127.0.0.1:port".
	Base string
	// User is Alice, whose address is alice@example.com, and Neighbour is Bob.
	User, Neighbour string
	// Home is the path where Alice's calendars are.
	Home string
	// Open says that it asks nobody who they are.
	Open bool

	folder      string
	files       string // of all calendars, by path, if it keeps each resource in one
	setPassword func(user, password string) error
	expire      func() bool
}

// HomeOf is the path where a user's calendars are.
func (s *Server) HomeOf(user string) string { return strings.Replace(s.Home, s.User, user, 1) }

// SetPassword gives Alice another password.
func (s *Server) SetPassword(t testing.TB, password string) {
	t.Helper()
	if err := s.setPassword(s.User, password); err != nil {
		t.Fatal(err)
	}
}

// ExpireTokens has the server forget all sync-tokens it handed out. False if there is no
// way to make it.
func (s *Server) ExpireTokens() bool { return s.expire != nil && s.expire() }

// Radicale starts one. The calendar alice/holidays/, which is there, can only be read.
func Radicale(t testing.TB) *Server {
	t.Helper()
	s := begin(t, "radicale")
	s.User, s.Neighbour = "alice@example.com", "bob@example.com" // it tells an address by nothing else
	users, data := filepath.Join(s.folder, "users"), filepath.Join(s.folder, "data")
	s.setPassword = func(user, password string) error {
		return os.WriteFile(users, []byte(user+":"+password+"\n"+s.Neighbour+":"+Password+"\n"), 0o600)
	}
	s.SetPassword(t, Password)
	holidays := filepath.Join(data, "collection-root", s.User, "holidays")
	write(t, filepath.Join(holidays, ".Radicale.props"), `{"tag": "VCALENDAR", "D:displayname": "Holidays"}`)
	rights := filepath.Join(s.folder, "rights")
	write(t, rights, `[root]
user: .+
collection:
permissions: R
[principal]
user: .+
collection: {user}
permissions: RW
[holidays]
user: .+
collection: {user}/holidays
permissions: r
[calendars]
user: .+
collection: {user}/[^/]+
permissions: rw
`)
	config := filepath.Join(s.folder, "config")
	write(t, config, fmt.Sprintf(`[server]
hosts = %s
[auth]
type = htpasswd
htpasswd_filename = %s
htpasswd_encryption = plain
delay = 0
[rights]
type = from_file
file = %s
[storage]
filesystem_folder = %s
[logging]
level = warning
`, strings.TrimPrefix(s.Base, "http://"), users, rights, data))
	s.Home, s.files = "/"+s.User+"/", filepath.Join(data, "collection-root")
	s.expire = func() bool {
		found, _ := filepath.Glob(filepath.Join(data, "collection-root", s.User, "*", ".Radicale.cache", "sync-token"))
		for _, f := range found {
			if os.RemoveAll(f) != nil {
				return false
			}
		}
		return len(found) > 0
	}
	s.run(t, "radicale", "--config", config)
	return s
}

// Xandikos starts one. It asks nobody who they are.
func Xandikos(t testing.TB) *Server {
	t.Helper()
	s := begin(t, "xandikos")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.Base, "http://"))
	s.Home, s.Open = "/"+s.User+"/calendars/", true
	s.run(t, "xandikos", "-d", filepath.Join(s.folder, "data"), "--defaults", "--autocreate",
		"--current-user-principal", "/"+s.User+"/", "-l", "127.0.0.1", "-p", port)
	return s
}

// Cyrus starts one.
func Cyrus(t testing.TB) *Server {
	t.Helper()
	s := begin(t, "cyrus")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	imap := freePort(t)
	conf, cyrus := filepath.Join(s.folder, "imapd.conf"), filepath.Join(s.folder, "cyrus.conf")
	owner := me
	if me.Uid == "0" { // it does not run as root, and becomes the user that its package made
		if owner, err = user.Lookup("cyrus"); err != nil {
			t.Fatal(err)
		}
	}
	write(t, conf, strings.ReplaceAll(`configdirectory: DIR/conf
defaultpartition: default
partition-default: DIR/spool
proc_path: DIR/run/proc
mboxname_lockpath: DIR/run/lock
cyrus_user: USER
admins: cyrus
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: DIR/sasldb2
sasl_mech_list: PLAIN
unixhierarchysep: no
virtdomains: off
httpmodules: caldav
caldav_allowscheduling: off
calendar_user_address_set: example.com
servername: localhost
idlesocket: DIR/run/idle
notifysocket: DIR/run/notify
lmtpsocket: DIR/run/lmtp
`, "DIR", s.folder))
	text, _ := os.ReadFile(conf)
	write(t, conf, strings.ReplaceAll(string(text), "USER", owner.Username))
	write(t, cyrus, fmt.Sprintf(`START {
 recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C %[1]s -r"
}
SERVICES {
 http cmd="/usr/lib/cyrus/bin/httpd -C %[1]s" listen="%[2]s" prefork=1 maxchild=20
 imap cmd="/usr/lib/cyrus/bin/imapd -C %[1]s" listen="%[3]s" prefork=0 maxchild=5
}
EVENTS {
}
`, conf, strings.TrimPrefix(s.Base, "http://"), imap))
	for _, d := range []string{"db", "log", "msg", "proc", "ptclient", "socket", "user", "quota"} {
		mkdir(t, filepath.Join(s.folder, "conf", d))
	}
	for _, d := range []string{"spool", "run/proc", "run/lock"} {
		mkdir(t, filepath.Join(s.folder, d))
	}
	s.setPassword = func(user, password string) error {
		c := exec.Command("/usr/sbin/saslpasswd2", "-p", "-c", "-f", filepath.Join(s.folder, "sasldb2"), "-u", "localhost", user)
		c.Stdin = strings.NewReader(password + "\n")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("saslpasswd2: %w: %s", err, out)
		}
		return nil
	}
	for _, u := range []string{s.User, s.Neighbour, "cyrus"} {
		if err := s.setPassword(u, Password); err != nil {
			t.Fatal(err)
		}
	}
	if owner != me {
		giveTo(t, s.folder, owner)
	}
	s.Home = "/dav/calendars/user/" + s.User + "/"
	s.run(t, "/usr/lib/cyrus/bin/master", "-D", "-C", conf, "-M", cyrus, "-p", filepath.Join(s.folder, "master.pid"))
	for _, u := range []string{s.User, s.Neighbour} {
		if err := createMailbox(imap, "user."+u); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// giveTo gives a folder, and all in it, to a user.
func giveTo(t testing.TB, folder string, to *user.User) {
	t.Helper()
	uid, err1 := strconv.Atoi(to.Uid)
	gid, err2 := strconv.Atoi(to.Gid)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// createMailbox is what an administrator does for a new user, by IMAP (RFC 9051 §6.3.4).
func createMailbox(addr, name string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for i, line := range []string{"", "LOGIN cyrus " + Password, "CREATE " + name, "LOGOUT"} {
		tag := "*"
		if i > 0 {
			tag = fmt.Sprintf("a%d", i)
			if _, err := fmt.Fprintf(conn, "%s %s\r\n", tag, line); err != nil {
				return err
			}
		}
		for {
			got, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if rest, ours := strings.CutPrefix(got, tag+" "); ours {
				if !strings.HasPrefix(rest, "OK") {
					return fmt.Errorf("cyrus: %q: %s", line, got)
				}
				break
			}
		}
	}
	return nil
}

func begin(t testing.TB, name string) *Server {
	t.Helper()
	// Unix sockets have short names, and the system's folder for tests long ones.
	// In memory, where the system has such a folder: what is flushed to a disk again and again
	// is nothing that a test asks about.
	folder, err := os.MkdirTemp("/dev/shm", "tw-"+name)
	if err != nil {
		folder, err = os.MkdirTemp("", "tw-"+name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return &Server{Name: name, User: "alice", Neighbour: "bob", Base: "http://" + freePort(t), folder: folder, setPassword: func(string, string) error { return errors.New("it has no passwords") }}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t testing.TB, path, text string) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// startFor is how long a server may take to answer.
const startFor = 30 * time.Second

// run starts the server, waits until it answers, and ends it with the test.
func (s *Server) run(t testing.TB, program string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is not installed; `make deps` does that: %v", s.Name, err)
	}
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, args...)
	c.Stdout, c.Stderr = log, log
	c.Env = append(os.Environ(), "EMAIL="+owner)        // Xandikos takes it from there
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Cyrus ends with a signal to its whole group
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	// A server ends with the test, also where that is killed: then this reads no more.
	// (The system's own signal for it is lost when Cyrus becomes another user.)
	guard := exec.Command("sh", "-c", `read _; kill "$0"`, strconv.Itoa(c.Process.Pid))
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	t.Cleanup(func() {
		defer log.Close()
		if err != nil {
			_ = c.Process.Signal(syscall.SIGTERM)
		} else {
			_ = alive.Close()
			_ = guard.Wait()
		}
		select {
		case <-ended:
		case <-time.After(startFor):
			_ = c.Process.Kill()
			<-ended
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(startFor); ; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get(s.Base + "/"); err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%s ended at once:\n%s", s.Name, text)
		default:
		}
		if time.Now().After(until) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%s does not answer:\n%s", s.Name, text)
		}
	}
}
