// Package static owns everything a browser is given: the pages, their ES
// modules, styles and pictures, and the words in every language.
//
//	pages/*.html   html/template; rendered per request, served no-cache by the apps
//	web/…          served as they are under /static/<hash>/… and kept for ever
//	  shared/      what both pages use: signalling socket, peer connection, camera
//	  widget/      the agent's page in the desktop's panel
//	  customer/    the customer's page
//	  lang/        one folder a language: words of the modules of each page and of both (shared), and
//	               words that only templates say (pages); the server reads them all
//
// There is no build: the files are embedded as written. Their content is
// hashed once and the hash is a directory, so relative imports need no
// rewriting and a new release is a new address for all of them.
//
// Each page has two layers. Modules that talk (signal, leg, camera, session,
// visit) know no DOM; the module named as the page shows, and never opens a
// connection. The widget's session begins in a module of its own (start), so
// that socket and offer do not wait for the page to take shape; the page of a
// sign-in has one script (leave), which waits for nothing. Values travel from the server as data attributes of <body>, so
// that no page needs an inline script or style (see CSP).
//
// The apps own the routes, the cookies and what the pages are told; this
// package only draws it.
package static
