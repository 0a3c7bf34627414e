package genesystest

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"time"
)

//go:embed desktop
var desktopFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"initial": initial}).ParseFS(desktopFiles, "desktop/*.html"))

// initial is the first letter of a name.
func initial(name string) string {
	for _, letter := range name {
		return string(letter)
	}
	return "?"
}

// pageData is what the small pages show.
type pageData struct {
	Agents        []User
	Continue      string
	Code, Message string
}

const pagePolicy = "default-src 'self'; frame-src http: https:; base-uri 'none'; object-src 'none'"

func (s *Server) mountDesktop(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.desktop)
	mux.HandleFunc("GET /desktop/files/{file}", s.file)
	mux.HandleFunc("GET /desktop/events", s.deskEvents)
	mux.HandleFunc("GET /desktop/api/state", s.deskOnce)
	mux.HandleFunc("POST /desktop/api/{verb}", s.control)
}

// page renders one of the embedded pages.
func (s *Server) page(w http.ResponseWriter, status int, name string, data pageData) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name+".html", data); err != nil {
		s.log.Debug("page cut", "page", name, "err", err)
	}
}

// desktop serves one agent's desktop and signs the browser in as that agent; without an agent it asks for one.
func (s *Server) desktop(w http.ResponseWriter, r *http.Request) {
	login := r.URL.Query().Get("agent")
	if login == "" {
		if a := s.signedInAs(r); a != nil {
			http.Redirect(w, r, "/?agent="+url.QueryEscape(a.Login), http.StatusSeeOther)
			return
		}
		s.page(w, http.StatusOK, "login", s.loginData("/"))
		return
	}
	s.mu.Lock()
	a, err := s.centre.agent(login)
	if err == nil && s.oauth.logins[loginSession(r)] != a {
		http.SetCookie(w, s.oauth.signIn(a, loginSession(r)))
		s.wake()
	}
	s.mu.Unlock()
	if err != nil {
		s.page(w, http.StatusNotFound, "error", pageData{Code: "not_found", Message: "There is no such agent."})
		return
	}
	w.Header().Set("X-Frame-Options", "DENY")
	s.page(w, http.StatusOK, "desktop", pageData{})
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, desktopFiles, path.Join("desktop", path.Base(r.PathValue("file"))))
}

// deskAgentOf finds the agent of a desktop request.
func (s *Server) deskAgentOf(r *http.Request) (*agent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.centre.agent(r.URL.Query().Get("agent"))
}

// deskOnce answers what an agent's desktop shows now.
func (s *Server) deskOnce(w http.ResponseWriter, r *http.Request) {
	a, err := s.deskAgentOf(r)
	if err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	state := encode(s.deskState(a, loginSession(r)))
	s.mu.Unlock()
	reply(w, http.StatusOK, state)
}

// deskEvents sends what an agent's desktop shows, now and after every change, as server-sent events.
func (s *Server) deskEvents(w http.ResponseWriter, r *http.Request) {
	a, err := s.deskAgentOf(r)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	var last string
	for {
		s.mu.Lock()
		state, changed := string(encode(s.deskState(a, loginSession(r)))), s.changed
		s.mu.Unlock()
		if state != last {
			_ = out.SetWriteDeadline(time.Now().Add(writeWithin))
			if _, err := fmt.Fprintf(w, "data: %s\n\n", state); err != nil || out.Flush() != nil {
				return
			}
			last = state
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
