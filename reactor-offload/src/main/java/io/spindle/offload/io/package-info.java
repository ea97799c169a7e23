// SPDX-License-Identifier: Apache-2.0
/**
 * What Node does on libuv's thread pool, as publishers: {@link io.spindle.offload.io.Files},
 * {@link io.spindle.offload.io.Paths}, {@link io.spindle.offload.io.Directories}, {@link io.spindle.offload.io.Dns} and {@link io.spindle.offload.io.Crypto}.
 *
 * <p>Each {@code Mono} is one trip to a {@link io.spindle.offload.BlockingPool}, by default the shared one, and signals where
 * {@link io.spindle.offload.BlockingPool#call} does: on the event loop it was subscribed on, else on the pool's thread.
 * Wrong arguments are thrown at the call, everything else is an {@code onError}.
 */
@NullMarked
package io.spindle.offload.io;

import org.jspecify.annotations.NullMarked;
