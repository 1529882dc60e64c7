#include "actors/link/link_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace troupe {

namespace {

prometheus::Counter* counter(prometheus::Registry& metrics, const char* name, const char* help) {
  return &prometheus::BuildCounter().Name(name).Help(help).Register(metrics).Add({});
}

void add(prometheus::Counter* to, size_t count) {
  if (to != nullptr && count > 0)
    to->Increment(static_cast<double>(count));
}

} // namespace

link_probe::link_probe(prometheus::Registry* metrics) {
  if (metrics == nullptr)
    return;
  open_ = &prometheus::BuildGauge()
               .Name("troupe_links")
               .Help("Links to other processes that are open.")
               .Register(*metrics)
               .Add({});
  refused_ = counter(*metrics, "troupe_link_refusals_total",
                     "Peers that were turned away during the handshake or for "
                     "breaking the protocol.");
  received_bytes_ = counter(*metrics, "troupe_link_received_bytes_total", "Bytes read from links.");
  received_messages_ = counter(*metrics, "troupe_link_received_messages_total", "Messages read from links.");
  sent_bytes_ = counter(*metrics, "troupe_link_sent_bytes_total", "Bytes written to links.");
  sent_messages_ = counter(*metrics, "troupe_link_sent_messages_total", "Messages given to links.");
}

void link_probe::link_opened() {
  if (open_ != nullptr)
    open_->Increment();
}

void link_probe::link_closed() {
  if (open_ != nullptr)
    open_->Decrement();
}

void link_probe::peer_refused() {
  add(refused_, 1);
}

void link_probe::received(size_t bytes, size_t messages) {
  add(received_bytes_, bytes);
  add(received_messages_, messages);
}

void link_probe::sent(size_t bytes) {
  add(sent_bytes_, bytes);
}

void link_probe::message_sent() {
  add(sent_messages_, 1);
}

} // namespace troupe
