import type { Texts } from '../en/index.ts';

export const signIn: Texts['signIn'] = {
  title: '로그인',
  ended: '세션이 만료되었습니다. 다시 로그인하면 보던 화면으로 돌아갑니다.',
  username: '사용자 이름',
  password: '비밀번호',
  submit: '로그인',
  wrong: '사용자 이름 또는 비밀번호가 올바르지 않습니다.',
  by: (provider) => `${provider} 계정으로 로그인`,
  failed: {
    unauthenticated: '로그인하지 못했거나 시간이 초과되었습니다. 다시 시도해 주세요.',
    forbidden: '이 계정에는 콘솔 권한이 없습니다. 관리자에게 문의해 주세요.',
    user_not_active: '이 계정은 여기서 정지되어 있습니다. 관리자에게 문의해 주세요.',
    rate_limited: '시도 횟수가 너무 많습니다. 1분 뒤에 다시 시도해 주세요.',
    unavailable: '로그인 제공자에 연결할 수 없습니다. 1분 뒤에 다시 시도해 주세요.',
  },
  code: '인증 코드',
  codeHint: '인증 앱에 지금 표시되는 여섯 자리 숫자 또는 복구 코드를 입력하세요.',
  wrongCode: '코드가 올바르지 않거나 이미 사용되었습니다. 다음 코드를 기다려 주세요.',
  over: '로그인 시간이 지났습니다. 비밀번호를 다시 입력하세요.',
  goOn: '계속',
  startOver: '처음부터 다시',
  enrol: '2단계 인증 설정',
  enrolWhy:
    '운영자는 비밀번호와 함께 인증 코드로 로그인합니다. 인증 앱으로 QR 코드를 스캔한 다음 표시되는 코드를 입력하세요.',
  qrCode: '인증 앱용 QR 코드',
  secret: '앱에 직접 입력할 비밀 키',
  copySecret: '비밀 키',
  recovery: '복구 코드를 보관하세요',
  recoveryWhy: '인증 앱을 쓸 수 없을 때 코드 대신 한 번씩 사용할 수 있습니다. 지금만 표시됩니다.',
  copyRecovery: '복구 코드',
  kept: '보관했습니다. 로그인하기',
};
