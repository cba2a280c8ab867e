#!/bin/sh
# Certificates for the audit webhook: an authority, the server's certificate with the names and addresses by which API
# servers reach it, and a client certificate for them.
#
#   certificates.sh DIR ADDRESS...       certificates.sh /etc/kubevigil/tls 10.0.0.50 vigil.example
#
# DIR then holds
#   ca.pem, ca.key           the authority; the key belongs offline once everything is made
#   server.pem, server.key   for kubevigil (tls: of its listener)
#   client.pem, client.key   for the API servers (user: of the webhook kubeconfig); common name kube-apiserver
# Run again, it keeps the authority and renews the two certificates; kubevigil and kube-apiserver read them again by
# themselves. CLIENT=name chooses another common name, DAYS=n another validity.
set -eu

die() { echo "certificates.sh: $*" >&2; exit 1; }

[ $# -ge 2 ] || die "usage: certificates.sh DIR ADDRESS... (an IP address or a DNS name each)"
command -v openssl >/dev/null || die "openssl is not installed"
dir=$1
shift
client=${CLIENT:-kube-apiserver}
days=${DAYS:-397}

# IP addresses and DNS names are different kinds of names: an address written as DNS is refused by every client.
names=
for address in "$@"; do
  case $address in
    *[!0-9A-Za-z.:-]*|'') die "$address is neither an address nor a name" ;;
    *:*) kind=IP ;;
    *[!0-9.]*) kind=DNS ;;
    *) kind=IP ;;
  esac
  names=${names:+$names,}$kind:$address
done

# The folder above holds the configuration, too, and the service must get through it, whatever root's umask is.
(umask 022 && mkdir -p "$(dirname "$dir")")
umask 077
mkdir -p "$dir"
work=$(mktemp -d "$dir/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -e "$dir/ca.key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -subj "/CN=kubevigil webhook authority" -keyout "$work/ca.key" -out "$work/ca.pem" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null ||
    die "openssl could not make the authority"
  mv "$work/ca.key" "$work/ca.pem" "$dir"
fi

# make NAME COMMON-NAME EXTENSIONS...
make() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -subj "/CN=$2" \
    -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null || die "openssl could not make the key of $1"
  {
    echo "basicConstraints=critical,CA:FALSE"
    echo "keyUsage=critical,digitalSignature"
    printf '%s\n' "$3"
  } >"$work/$1.ext"
  [ -z "${4:-}" ] || echo "$4" >>"$work/$1.ext"
  openssl x509 -req -in "$work/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -sha256 -days "$days" \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null ||
    die "openssl could not sign $1"
  chmod 644 "$work/$1.pem"
  mv "$work/$1.key" "$work/$1.pem" "$dir"
}
make server kubevigil "extendedKeyUsage=serverAuth" "subjectAltName=$names"
make client "$client" "extendedKeyUsage=clientAuth"
chmod 644 "$dir/ca.pem"

# The service reads its files as group kubevigil, where there is one.
if [ "$(id -u)" = 0 ] && getent group kubevigil >/dev/null 2>&1; then
  chgrp kubevigil "$dir" "$dir/server.key"
  chmod 750 "$dir"
  chmod 640 "$dir/server.key"
fi
openssl verify -CAfile "$dir/ca.pem" "$dir/server.pem" "$dir/client.pem" >/dev/null || die "the certificates do not verify"
echo "$dir: server.pem for $names, client.pem for $client, valid for $days days"
