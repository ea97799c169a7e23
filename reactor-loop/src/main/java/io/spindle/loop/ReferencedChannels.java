// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.Channel;
import java.util.HashSet;
import java.util.Set;

/** Which of a loop's channels keep it alive: all but those that were unreferenced. Loop only, save the count. */
final class ReferencedChannels {

    private final NettyLoop loop;
    private final Set<Channel> unreferenced = new HashSet<>();

    ReferencedChannels(NettyLoop loop) {
        this.loop = loop;
    }

    void reference(Channel channel, boolean reference) {
        if (reference || !channel.isOpen()) {
            forget(channel);
        } else {
            unreferenced.add(channel);
        }
    }

    void forget(Channel channel) {
        unreferenced.remove(channel);
    }

    void clear() {
        unreferenced.clear();
    }

    /** Any thread, to the precision of a moment. */
    int count() {
        return Math.max(0, loop.channels() - unreferenced.size());
    }

    boolean hasSome() {
        if (!unreferenced.isEmpty() && count() == 0) { // perhaps one has gone to another loop
            unreferenced.removeIf(
                    channel -> !channel.isRegistered() || !channel.eventLoop().equals(loop));
        }
        return count() > 0;
    }
}
