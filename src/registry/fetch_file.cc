// SPDX-License-Identifier: Apache-2.0
#include "registry/fetch_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/base64.h"
#include "registry/network_error.h"
#include "registry/redirects.h"

namespace stack::registry {
namespace {

/// Names that a file may have below a directory.
bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find('/') == std::string::npos && printable(name) == name;
}

/// Of `attachment; filename="x.tar"` (RFC 6266); the form filename*= is not read.
std::string disposed_name(const std::string& header) {
  for (const std::string& part : split(header, ';')) {
    const std::string field(trim(part));
    if (!to_lower(field).starts_with("filename=")) continue;
    std::string name(trim(std::string_view(field).substr(9)));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
      name = name.substr(1, name.size() - 2);
    return is_file_name(name) ? name : "";
  }
  return "";
}

/// As BuildKit: of "/dir/" that is "dir", and what has no name gets this one.
std::string last_of_path(const Url& url) {
  std::string path = url.target.substr(0, url.target.find_first_of("?#"));
  while (path.ends_with('/')) path.pop_back();
  const std::string name = percent_decoded(path.substr(path.rfind('/') + 1));
  if (name.empty()) return "__unnamed__";
  return is_file_name(name) ? name : "";
}

/// Takes "USER:PASSWORD@" out of an address that a person gave; one of a redirect may have none.
std::string take_user(std::string& url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return "";
  const std::size_t end = std::min(url.find_first_of("/?#", begin + 3), url.size());
  const std::size_t mark = url.substr(0, end).rfind('@');
  if (mark == std::string::npos) return "";
  std::string user = url.substr(begin + 3, mark - begin - 3);
  url.erase(begin + 3, mark - begin - 2);
  return percent_decoded(user);
}

void copy_body(Response& response, int fd) {
  std::uint64_t size = 0;
  for (std::string_view piece = response.read(); !piece.empty(); piece = response.read()) {
    write_all(fd, piece);
    size += piece.size();
  }
  if (response.length() && *response.length() != size)
    throw NetworkError(fmt::format("{} of {} bytes came", size, *response.length()));
}

}  // namespace

std::optional<WebFile> fetch_file(const std::string& url, const WebFile& known, int fd,
                                  const Waits& waits) {
  Request request;
  std::string address = url;
  if (const std::string user = take_user(address); !user.empty())
    request.headers["Authorization"] = "Basic " + image::to_base64(user);
  request.url = parse_url(address);
  if (!known.etag.empty()) request.headers["If-None-Match"] = known.etag;
  if (!known.modified.empty()) request.headers["If-Modified-Since"] = known.modified;
  Response response = exchange(request, {}, waits);
  const bool was_conditional = !known.etag.empty() || !known.modified.empty();
  if (response.status() == 304 && was_conditional) return std::nullopt;
  if (response.status() != 200)
    throw Refusal(fmt::format("the server answered {}", response.status()), response.status());
  WebFile file{response.header("ETag"), response.header("Last-Modified"),
               disposed_name(response.header("Content-Disposition"))};
  if (file.name.empty()) file.name = last_of_path(request.url);
  copy_body(response, fd);
  return file;
}

}  // namespace stack::registry
