#pragma once

#include <caf/binary_deserializer.hpp>
#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>
#include <caf/serializer.hpp>

#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <string>
#include <type_traits>

namespace troupe {

/// Largest Protobuf message that CAF may carry in serialised form. Between actors of one process messages are
/// shared and never serialised; links between processes have limits of their own.
inline constexpr size_t max_serialised_message = size_t{64} << 20;

inline caf::error save_message(caf::serializer& sink, const google::protobuf::MessageLite& x) {
  auto size = x.ByteSizeLong();
  if (size > max_serialised_message)
    return caf::sec::invalid_argument;
  std::string bytes;
  if (!x.SerializeToString(&bytes))
    return caf::sec::invalid_argument;
  if (auto err = sink.begin_sequence(size))
    return err;
  if (auto err = sink.apply_raw(size, bytes.data()))
    return err;
  return sink.end_sequence();
}

inline caf::error load_message(caf::deserializer& source, google::protobuf::MessageLite& x) {
  size_t size = 0;
  if (auto err = source.begin_sequence(size))
    return err;
  if (size > max_serialised_message)
    return caf::sec::invalid_argument;
  if (auto* binary = dynamic_cast<caf::binary_deserializer*>(&source); binary && size > binary->remaining())
    return caf::sec::end_of_stream;
  std::string bytes(size, '\0');
  if (auto err = source.apply_raw(size, bytes.data()))
    return err;
  if (!x.ParseFromString(bytes))
    return caf::sec::invalid_argument;
  return source.end_sequence();
}

} // namespace troupe

namespace google::protobuf {

/// Found by argument-dependent lookup for every generated class, because MessageLite is its base.
template <class Inspector, class T>
std::enable_if_t<std::is_base_of_v<MessageLite, T>, typename Inspector::result_type> inspect(Inspector& f, T& x) {
  if constexpr (std::is_base_of_v<caf::serializer, Inspector>) {
    return troupe::save_message(f, x);
  } else if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    return troupe::load_message(f, x);
  } else {
    auto size = x.ByteSizeLong();
    return f(caf::meta::type_name(x.GetTypeName().c_str()), size);
  }
}

} // namespace google::protobuf
