// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * On a draining HTTP/1.1 connection, between the application and Reactor Netty's own handling of keep-alive: marks the
 * next answer as the last one, which Reactor Netty then closes behind. An event stream has no end of its own, so it is
 * ended between two events: after a write that ends with an empty line, or when it has been silent for two looks.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of the last writes: a connection that is gone is what we want
final class LastAnswer extends ChannelDuplexHandler {

    private static final int SILENT_LOOKS = 2;
    private static final int MIN_RETRY_MILLIS = 100;
    private static final int MAX_RETRY_MILLIS = 1000;

    private @Nullable ChannelHandlerContext context;
    private boolean eventStream;
    private boolean ended;
    private int silentLooks;
    private int lineEnds;
    private byte last;

    /** @param eventStream whether the head of an event stream has been sent already */
    LastAnswer(boolean eventStream) {
        this.eventStream = eventStream;
    }

    static boolean isEventStream(HttpHeaders headers) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        return type.regionMatches(true, 0, "text/event-stream", 0, "text/event-stream".length());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    /** Called at every look of the drain. */
    void look() {
        if (eventStream && !ended && context != null && ++silentLooks > SILENT_LOOKS) {
            end(context);
        }
    }

    @Override
    public void write(ChannelHandlerContext to, Object message, ChannelPromise promise) {
        if (ended) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        if (message instanceof HttpResponse response && isFinal(response)) {
            HttpUtil.setKeepAlive(response, false);
            eventStream = isEventStream(response.headers());
        }
        boolean border = eventStream && endsAnEvent(message);
        to.write(message, promise);
        if (message instanceof LastHttpContent) {
            eventStream = false; // the next answer may be another
            silentLooks = 0;
            lineEnds = 0;
            last = 0;
        } else if (border) {
            end(to);
        }
    }

    private static boolean isFinal(HttpResponse response) {
        return response.status().codeClass() != HttpStatusClass.INFORMATIONAL;
    }

    /** Whether what has been written so far ends with an empty line. A line ends with CR, LF or both. */
    private boolean endsAnEvent(Object message) {
        ByteBuf bytes = message instanceof ByteBuf plain
                ? plain
                : message instanceof ByteBufHolder holder ? holder.content() : null;
        if (bytes == null || !bytes.isReadable()) {
            return false;
        }
        silentLooks = 0;
        bytes.forEachByte(each -> {
            boolean secondOfTwo = each == '\n' && last == '\r';
            lineEnds = each != '\n' && each != '\r' ? 0 : secondOfTwo ? lineEnds : lineEnds + 1;
            last = each;
            return true;
        });
        return lineEnds > 1;
    }

    /** Tells when to come back, ends the answer and closes. */
    private void end(ChannelHandlerContext to) {
        ended = true;
        int retry = ThreadLocalRandom.current().nextInt(MIN_RETRY_MILLIS, MAX_RETRY_MILLIS);
        if (lineEnds > 1) { // else we do not know that a line has ended
            to.write(new DefaultHttpContent(ByteBufUtil.writeAscii(to.alloc(), "retry: " + retry + "\n\n")));
        }
        to.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
    }
}
