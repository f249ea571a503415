# shellcheck shell=bash
# Sourced by the scripts that make images of Debian: what they need, and where its packages come from.

# require_tools TOOL…
require_tools() {
  local tool
  [ "$(id -u)" = 0 ] || fail "it unpacks packages as root: run it as root."
  for tool in "$@"; do
    command -v "$tool" >/dev/null || fail "$tool is missing: run 'scripts/setup bench', which installs it."
  done
}

# unpack_debian ROOT LOG ARGUMENT…: mmdebstrap of this machine's release, from the mirrors that its apt uses
unpack_debian() {
  local root=$1 log=$2 sources suite
  shift 2
  # `Origin: Debian` leaves out whatever else apt is set up for.
  # shellcheck disable=SC2016 # apt fills them in
  sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u)
  [ -n "$sources" ] || fail "apt knows no Debian mirror: run 'apt-get update' on a Debian machine first."
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mmdebstrap --quiet "$@" "$suite" "$root" - <<<"$sources" >"$log" 2>&1 ||
    { cat "$log" >&2; fail "mmdebstrap failed: its messages are above."; }
}
