// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;
import reactor.netty.channel.ChannelOperations;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.websocket.WebsocketOutbound;

/**
 * How a draining worker takes leave of an HTTP connection, without a moment at which a request that is on the wire would
 * find the connection closed.
 * <ul>
 *   <li><b>HTTP/1.1</b>: the next answer says {@code Connection: close}, and an event stream ends between two events, see
 *       {@link LastAnswer}.
 *   <li><b>HTTP/2</b>: a GOAWAY that still allows every stream, and after some time one that names the last stream; the
 *       connection closes when its streams have ended.
 *   <li><b>WebSocket</b>: a close frame with the code 1001, going away.
 * </ul>
 */
@SuppressWarnings("FutureReturnValueIgnored") // of writes and close(): a connection that is gone is what we want
final class HttpFarewell extends Connections.Farewell {

    private static final int GOING_AWAY = 1001;

    private @Nullable LastAnswer lastAnswer;
    private boolean saidClose;
    private int goAwayLooks;

    @Override
    boolean say(Channel connection, Duration grace) {
        ChannelPipeline pipeline = connection.pipeline();
        ChannelHandlerContext http2 = pipeline.context(NettyPipeline.H2MultiplexHandler);
        if (http2 != null) {
            goAway(http2, grace);
            return false; // closed when its streams have ended
        }
        ChannelOperations<?, ?> operations = ChannelOperations.get(connection);
        if (operations instanceof WebsocketOutbound socket) {
            close(socket);
            return false;
        }
        if (lastAnswer != null) {
            lastAnswer.look();
        } else if (pipeline.get(NettyPipeline.HttpTrafficHandler) != null) {
            lastAnswer = new LastAnswer(isEventStream(operations));
            pipeline.addAfter(NettyPipeline.HttpTrafficHandler, "spindle-last-answer", lastAnswer);
        }
        return operations == null;
    }

    private void goAway(ChannelHandlerContext http2, Duration grace) {
        int second = Math.min(DrainTimes.looks(DrainTimes.GOAWAY), DrainTimes.looks(grace.dividedBy(2)));
        if (goAwayLooks == 0) {
            http2.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR).setExtraStreamIds(Integer.MAX_VALUE));
        } else if (goAwayLooks == second) {
            http2.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
        } else if (goAwayLooks > second && activeStreams(http2) == 0) {
            http2.channel().close();
        }
        goAwayLooks++;
    }

    private static int activeStreams(ChannelHandlerContext http2) {
        Http2FrameCodec codec = http2.pipeline().get(Http2FrameCodec.class);
        return codec == null ? 0 : codec.connection().numActiveStreams();
    }

    private void close(WebsocketOutbound socket) {
        if (!saidClose) {
            saidClose = true;
            socket.sendClose(GOING_AWAY, "the server is going away").subscribe(null, gone -> {});
        }
    }

    private static boolean isEventStream(@Nullable ChannelOperations<?, ?> operations) {
        return operations instanceof HttpServerResponse response
                && response.hasSentHeaders()
                && LastAnswer.isEventStream(response.responseHeaders());
    }
}
