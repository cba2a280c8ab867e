// The BIO through which OpenSSL reads and writes a non-blocking socket without raising SIGPIPE.
#pragma once

struct bio_st;

namespace kubevigil {

bio_st* new_socket_bio(int socket);  // does not own the socket; nullptr if out of memory

}  // namespace kubevigil
