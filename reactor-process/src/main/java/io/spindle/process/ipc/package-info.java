// SPDX-License-Identifier: Apache-2.0
/**
 * Messages between processes on one machine: typed, framed, bounded and backpressured, over a Unix-domain socket that
 * only this user can reach.
 *
 * <p>Start from {@link io.spindle.process.ipc.ChannelServer}: the parent binds one, writes an
 * {@link io.spindle.process.ipc.Invitation} for each child and hands it over in the child's environment; the child
 * calls {@link io.spindle.process.ipc.Channel#connect}. Both ends then hold a {@link io.spindle.process.ipc.Channel}.
 *
 * <p>What goes over the wire is a length, a kind and a payload in CBOR. A receiver names the type it expects; nothing on
 * the wire can name a class.
 */
@NullMarked
package io.spindle.process.ipc;

import org.jspecify.annotations.NullMarked;
