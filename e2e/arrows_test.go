package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/videoleg/videoleg"

const (
	echo       = "github.com/labstack/echo"
	envconfig  = "github.com/kelseyhightower/envconfig"
	prometheus = "github.com/prometheus/client_golang"
	pion       = "github.com/pion"
	sdk        = "github.com/mypurecloud/platform-client-sdk-go"
	oauth2     = "golang.org/x/oauth2"
	limits     = "golang.org/x/time"
	system     = "golang.org/x/sys/unix"
	websocket  = "github.com/gorilla/websocket"
	uuid       = "github.com/google/uuid"
	nats       = "github.com/nats-io"
	chromedp   = "github.com/chromedp"
)

// arrows says what each package may import: folders of the module, with what is below them (but not
// the stand-ins), and modules from outside. A package that is not here has no place yet.
var arrows = map[string]struct{ inside, outside []string }{
	"cmd/videoleg": {
		inside: []string{"agentapp", "customerapp", "session", "pexrtc", "pexrtc/pexrtctest",
			"genesys", "genesys/genesystest", "static"},
		outside: []string{echo, envconfig, prometheus},
	},
	"agentapp":                          {inside: []string{"session", "genesys", "static"}, outside: []string{echo}},
	"customerapp":                       {inside: []string{"session", "pexrtc/policy", "pexrtc/events", "static"}, outside: []string{echo, limits}},
	"session":                           {inside: []string{"session", "pexrtc", "genesys"}, outside: []string{prometheus}},
	"session/audit":                     {inside: []string{"session/feed"}},
	"session/feed":                      {},
	"session/invite":                    {inside: []string{"session/seal"}},
	"session/membership":                {inside: []string{"session/seal", "pexrtc"}},
	"session/membership/membershiptest": {},
	"session/page":                      {outside: []string{websocket, limits}},
	"session/rules":                     {},
	"session/seal":                      {},
	"session/store":                     {outside: []string{nats}},
	"pexrtc":                            {outside: []string{pion}},
	"pexrtc/capacity":                   {},
	"pexrtc/events":                     {},
	"pexrtc/policy":                     {},
	"pexrtc/relay":                      {inside: []string{"pexrtc", "pexrtc/capacity"}, outside: []string{pion, system}},
	"pexrtc/pexrtctest":                 {inside: []string{"pexrtc/capacity"}, outside: []string{pion, uuid, websocket}},
	"genesys":                           {outside: []string{sdk, oauth2, websocket}},
	"genesys/genesystest":               {outside: []string{uuid, websocket}},
	"static":                            {},
	"e2e":                               {inside: []string{"e2e", "pexrtc/pexrtctest", "genesys/genesystest"}, outside: []string{websocket}},
	"e2e/browser":                       {outside: []string{chromedp}},
	"e2e/weather":                       {},
}

type goPackage struct {
	ImportPath, Dir                    string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) (all []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

// The arrows of the design: what speaks one far end's language knows no other part, and nothing
// imports upwards. A stand-in never knows the client that it stands in for; only the program's demo
// and tests know stand-ins.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		may, placed := arrows[folder]
		if !placed {
			t.Errorf("%s has no place in the table of arrows", folder)
			continue
		}
		for _, imported := range p.Imports {
			if inside, ours := folderOf(imported); ours {
				if !below(inside, may.inside, false) {
					t.Errorf("%s must not import %s", folder, inside)
				}
			} else if isModule(imported) && !hasPrefix(imported, may.outside) {
				t.Errorf("%s must not import %s", folder, imported)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			inside, ours := folderOf(imported)
			if ours && inside != folder && !below(inside, may.inside, !isStandIn(folder)) {
				t.Errorf("the tests of %s must not import %s", folder, inside)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		doc, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
			continue
		}
		if s := string(doc); !strings.HasPrefix(s, "// Package ") && !strings.HasPrefix(s, "// Command ") {
			t.Errorf("%s: doc.go does not begin with what the package is", p.ImportPath)
		}
	}
}

func folderOf(imported string) (folder string, ours bool) {
	return strings.CutPrefix(imported, module+"/")
}

// isModule tells a package from outside from one of the standard library.
func isModule(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func isStandIn(folder string) bool { return strings.HasSuffix(path.Base(folder), "test") }

// below tells whether folder is one of the allowed ones or lies under one; a stand-in must be named
// itself, or be allowed altogether.
func below(folder string, allowed []string, standIns bool) bool {
	if isStandIn(folder) && standIns {
		return true
	}
	for _, a := range allowed {
		if folder == a || strings.HasPrefix(folder, a+"/") && !isStandIn(folder) {
			return true
		}
	}
	return false
}

func hasPrefix(imported string, allowed []string) bool {
	for _, a := range allowed {
		if imported == a || strings.HasPrefix(imported, a+"/") {
			return true
		}
	}
	return false
}
