// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.spindle.loop.EventLoop;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The one connection of this JVM to the process that forked it. */
final class ParentLink {

    /** Set by {@link ForkMain} before anything else of this class is used. */
    private static volatile KeepAlive keepAlive = new KeepAlive();

    private ParentLink() {}

    static Mono<Channel> channel() {
        return EventLoop.onCurrent(Holder.LINK)
                .doAfterTerminate(Holder::startReading)
                .cast(Channel.class);
    }

    /** Connects at once, for the main method of a fork; the channel is read from when somebody wants it. */
    static Mono<ParentChannel> connect(KeepAlive underMain) {
        keepAlive = underMain;
        return Holder.LINK;
    }

    static void startReading() {
        Holder.startReading();
    }

    private static Mono<ParentChannel> link(@Nullable String invitation) {
        if (invitation == null) {
            return Mono.empty();
        }
        return Mono.fromCallable(() -> Invitation.of(invitation))
                .flatMap(ParentLink::connect)
                .cache();
    }

    private static Mono<ParentChannel> connect(Invitation invitation) {
        EventLoop loop = EventLoop.create("spindle-fork");
        return Connector.connect(invitation, loop, DefaultChannel::holdReading)
                .doOnError(error -> loop.dispose())
                .map(channel -> new ParentChannel(channel, keepAlive, loop));
    }

    private static final class Holder {

        static final Mono<ParentChannel> LINK = link(System.getenv(Invitation.VARIABLE));

        /** The channel is there or will not come: it is called after the end of {@link #LINK} only. */
        static void startReading() {
            LINK.subscribe(ParentChannel::startReading, error -> {});
        }
    }
}
